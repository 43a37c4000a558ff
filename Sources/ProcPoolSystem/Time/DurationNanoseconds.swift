extension Duration {
  /// Whole nanoseconds, rounded towards zero; `Int64.min` or `Int64.max` for durations beyond that.
  ///
  /// The one place where a caller's duration becomes a number: three centuries mean for ever, and a negative
  /// duration stays one.
  package var nanoseconds: Int64 { Int64(clamping: attoseconds / 1_000_000_000) }
}

extension Int64 {
  /// The sum, or the end of the range that it lies beyond.
  package func addingSaturating(_ other: Int64) -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? (other < 0 ? .min : .max) : sum
  }

  /// The product, or the end of the range that it lies beyond.
  package func multipliedSaturating(by other: Int64) -> Int64 {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? ((self < 0) == (other < 0) ? .max : .min) : product
  }
}

extension Duration {
  /// Whole nanoseconds, rounded towards zero; `Int64.min` or `Int64.max` for durations beyond that.
  ///
  /// All durations of callers are converted here: 292 years or more saturate, and a negative
  /// duration stays negative.
  package var nanoseconds: Int64 { Int64(clamping: attoseconds / 1_000_000_000) }
}

extension Int64 {
  /// The sum, clamped to the range of `Int64`.
  package func addingSaturating(_ other: Int64) -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? (other < 0 ? .min : .max) : sum
  }

  /// The product, clamped to the range of `Int64`.
  package func multipliedSaturating(by other: Int64) -> Int64 {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? ((self < 0) == (other < 0) ? .max : .min) : product
  }
}

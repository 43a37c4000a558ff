/// Σ 1/k over the k without a digit 9: Kempner's series, which converges slowly.
public enum SlowSeries {
  /// Four digits at a time: ten thousand flags fit the first-level cache.
  private static let group = 10_000

  private static let groupHasNine: [Bool] = (0..<group).map(hasNine)

  /// Returns whether a nonnegative number has a digit 9.
  public static func hasNine(_ k: Int) -> Bool {
    var rest = k
    while rest > 0 {
      if rest % 10 == 9 { return true }
      rest /= 10
    }
    return false
  }

  /// Returns the maximum number of rounded operations between a term and a sum of `count` terms, in
  /// one part or several: its division, ten thousand additions in a group, and one per group.
  static func longestChain(of count: Int) -> Int { 1 + group + count / group + 2 }

  /// Returns the sum of the terms of a range of positive k.
  ///
  /// Terms are added in groups of ten thousand. Groups with a 9 in their upper digits are skipped.
  public static func sum(over range: Range<Int>) -> Double {
    groupHasNine.withUnsafeBufferPointer { lowHasNine in
      var total = 0.0
      var start = range.lowerBound
      while start < range.upperBound {
        let high = start / group
        let base = high * group
        let end = min(range.upperBound, base + group)
        if !hasNine(high) {
          var partial = 0.0
          for k in start..<end where !lowHasNine[k - base] { partial += 1 / Double(k) }
          total += partial
        }
        start = end
      }
      return total
    }
  }
}

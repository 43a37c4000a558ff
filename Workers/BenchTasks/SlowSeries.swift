/// Σ 1/k over the k that have no 9 among their decimal digits: the series of Kempner, which converges,
/// slowly.
public enum SlowSeries {
  /// Four digits at a time, because ten thousand flags fit the first-level cache.
  private static let group = 10_000

  private static let groupHasNine: [Bool] = (0..<group).map(hasNine)

  /// Tells whether a number that is not negative has a 9 among its decimal digits.
  public static func hasNine(_ k: Int) -> Bool {
    var rest = k
    while rest > 0 {
      if rest % 10 == 9 { return true }
      rest /= 10
    }
    return false
  }

  /// The most rounded operations that a term goes through on its way into a sum of `count`, in one part or in
  /// several: its division, ten thousand additions in a group, and one for each group.
  static func longestChain(of count: Int) -> Int { 1 + group + count / group + 2 }

  /// Sums the terms of a range of positive k.
  ///
  /// Terms are added up in groups of ten thousand; groups with a 9 in their upper digits are skipped as a
  /// whole.
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

/// The rule that decides whether a difference between two times may be noise.
enum Noise {
  /// The minimum uncertainty of a time, as a fraction. Medians of a few runs on a shared machine
  /// vary by this much, and a single run has no spread.
  static let least = 0.05

  /// Returns the range of the runs, at least ``least`` around the median.
  static func range(of measurement: Measurement) -> ClosedRange<Double> {
    let times = measurement.statistics
    return min(times.min, times.median * (1 - least))...max(times.max, times.median * (1 + least))
  }

  /// Whether one measurement is faster than another, beyond the noise of both.
  static func isClear(_ faster: Measurement, before slower: Measurement) -> Bool {
    range(of: faster).upperBound < range(of: slower).lowerBound
  }
}

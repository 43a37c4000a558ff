/// The rule for differences between two times that may be noise.
enum Noise {
  /// The least uncertainty of a time, as a fraction: medians of a few runs on a shared machine differ by as much for no
  /// reason, and a single run has no spread of its own.
  static let least = 0.05

  /// The span of the runs, and at least ``least`` around the median.
  static func range(of measurement: Measurement) -> ClosedRange<Double> {
    let times = measurement.statistics
    return min(times.min, times.median * (1 - least))...max(times.max, times.median * (1 + least))
  }

  /// Whether one measurement is faster than another beyond the noise of both.
  static func isClear(_ faster: Measurement, before slower: Measurement) -> Bool {
    range(of: faster).upperBound < range(of: slower).lowerBound
  }
}

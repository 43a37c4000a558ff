/// The minimum, median and maximum of the times of several runs.
struct RunStatistics: Equatable, Sendable {
  var min: Double
  var median: Double
  var max: Double

  /// Creates the statistics of some runs, or `nil` if there are none.
  ///
  /// The median of an even number of runs is the mean of the middle two.
  init?(of runs: [Double]) {
    guard !runs.isEmpty else { return nil }
    let sorted = runs.sorted()
    let middle = sorted.count / 2
    min = sorted[0]
    max = sorted[sorted.count - 1]
    median = sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
  }

  /// The range of the runs as a fraction of the median: (max − min) / median.
  var spread: Double { median > 0 ? (max - min) / median : 0 }
}

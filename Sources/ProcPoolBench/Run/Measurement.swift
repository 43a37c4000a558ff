/// What was measured: one strategy for one case, on some number of workers.
struct MeasurementKey: Hashable, Sendable {
  var scenario: ScenarioName
  var label: CaseLabel
  var strategy: String

  /// The number of workers; 0 if the coordinator computed alone.
  var workers: Int
}

/// The runs of one strategy for one case, the first (to warm up) left out.
struct Measurement: Equatable, Sendable {
  var key: MeasurementKey

  /// How many items a run has; `nil` where a run is not a number of items.
  var items: Int?

  /// The time of each run.
  var seconds: [Double] = []

  /// The bytes that went through the pipes in all runs together, from and to the coordinator.
  var totalSent: UInt64 = 0
  var totalReceived: UInt64 = 0

  /// Whether every run gave the right result; `nil` if there was nothing to check.
  var verified: Bool?

  var statistics: RunStatistics { RunStatistics(of: seconds) ?? RunStatistics(of: [0])! }

  /// Bytes through the pipes in one run.
  var bytesSent: UInt64 { seconds.isEmpty ? 0 : totalSent / UInt64(seconds.count) }
  var bytesReceived: UInt64 { seconds.isEmpty ? 0 : totalReceived / UInt64(seconds.count) }

  var itemsPerSecond: Double? {
    guard let items, statistics.median > 0 else { return nil }
    return Double(items) / statistics.median
  }

  /// The name of the strategy that the others of a case are compared with.
  static let serial = "serial"
}

import ProcPool

/// The identity of a measurement: one strategy for one case, on a number of workers.
struct MeasurementKey: Hashable, Sendable {
  var scenario: ScenarioName
  var label: CaseLabel
  var strategy: String

  /// The number of workers; 0 if the coordinator computed alone.
  var workers: Int
}

/// The runs of one strategy for one case, without the warm-up run.
struct Measurement: Equatable, Sendable {
  var key: MeasurementKey

  /// The number of items of a run; `nil` if a run does not consist of items.
  var items: Int?

  /// The time of each run.
  var seconds: [Double] = []

  /// The pool's cost of all runs together.
  var spent = PoolStatistics.zero

  /// Whether every run returned the correct result; `nil` if there was nothing to verify.
  var verified: Bool?

  var statistics: RunStatistics { RunStatistics(of: seconds) ?? RunStatistics(of: [0])! }

  /// Bytes sent through pipes in one run.
  var bytesSent: UInt64 { perRun(spent.bytesSent) }
  var bytesReceived: UInt64 { perRun(spent.bytesReceived) }
  /// Bytes copied in one run, counted once per copy.
  var bytesCopied: UInt64 { perRun(spent.bytesCopied) }

  var bytesCopiedPerItem: Double? { items.map { Double(bytesCopied) / Double(max(1, $0)) } }

  private func perRun(_ total: UInt64) -> UInt64 { seconds.isEmpty ? 0 : total / UInt64(seconds.count) }

  /// The share of the busy time of all processes that copying took; `nil` if nothing ran on a pool.
  var copyingShare: Double? {
    let copying = spent.coordinator.copying + spent.workers.copying
    let busy = spent.coordinator.busy + spent.workers.busy
    return busy > .zero ? copying / busy : nil
  }

  /// The divisor of a run's time when strategies are compared: 1, or the number of items if runs
  /// have different numbers of equal items.
  var comparedUnits: Double { key.scenario.comparesItems ? Double(max(1, items ?? 1)) : 1 }

  var itemsPerSecond: Double? {
    guard let items, statistics.median > 0 else { return nil }
    return Double(items) / statistics.median
  }

  /// The name of the reference strategy of a case.
  static let serial = "serial"
}

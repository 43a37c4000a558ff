import ProcPool

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

  /// What all runs together cost the pool.
  var spent = PoolStatistics.zero

  /// Whether every run gave the right result; `nil` if there was nothing to check.
  var verified: Bool?

  var statistics: RunStatistics { RunStatistics(of: seconds) ?? RunStatistics(of: [0])! }

  /// Bytes through the pipes in one run.
  var bytesSent: UInt64 { perRun(spent.bytesSent) }
  var bytesReceived: UInt64 { perRun(spent.bytesReceived) }
  /// Bytes copied in one run, each once for each copy.
  var bytesCopied: UInt64 { perRun(spent.bytesCopied) }

  var bytesCopiedPerItem: Double? { items.map { Double(bytesCopied) / Double(max(1, $0)) } }

  private func perRun(_ total: UInt64) -> UInt64 { seconds.isEmpty ? 0 : total / UInt64(seconds.count) }

  /// The part of the busy time of all processes that went into copying; `nil` if nothing ran on a pool.
  var copyingShare: Double? {
    let copying = spent.coordinator.copying + spent.workers.copying
    let busy = spent.coordinator.busy + spent.workers.busy
    return busy > .zero ? copying / busy : nil
  }

  /// What a run's time is divided by to compare strategies: by nothing, or by the number of items where runs have
  /// different numbers of the same.
  var comparedUnits: Double { key.scenario.comparesItems ? Double(max(1, items ?? 1)) : 1 }

  var itemsPerSecond: Double? {
    guard let items, statistics.median > 0 else { return nil }
    return Double(items) / statistics.median
  }

  /// The name of the strategy that the others of a case are compared with.
  static let serial = "serial"
}

import ProcPool

/// The activities of processes that charts distinguish.
enum PoolActivity: String, CaseIterable, Sendable {
  case computing
  case decoding
  case encoding
  case pipes
  case queue
  case idle

  /// The name in legends.
  var name: String { rawValue }
}

/// The time of coordinator or workers by activity, as fractions that add up to 1.
struct ActivityShares: Equatable, Sendable {
  private(set) var parts: [(activity: PoolActivity, share: Double)]

  static func == (left: ActivityShares, right: ActivityShares) -> Bool {
    left.parts.elementsEqual(right.parts, by: ==)
  }

  /// - Returns: `nil` if there was no time.
  init?(_ times: [(PoolActivity, Duration)]) {
    let total = times.reduce(Duration.zero) { $0 + max(.zero, $1.1) }
    guard total > .zero else { return nil }
    parts = times.map { ($0, max(.zero, $1) / total) }
  }

  /// The time of all workers of a measurement.
  static func workers(of measurement: Measurement) -> ActivityShares? {
    let spent = measurement.spent.workers
    return ActivityShares([
      (.computing, spent.running), (.decoding, spent.decoding), (.encoding, spent.encoding),
      (.pipes, spent.reading + spent.writing), (.idle, spent.waiting),
    ])
  }

  /// The mean time that a chunk of a measurement waited for a worker, as a fraction of a run. Many
  /// chunks wait at once, so this is not the time of a process.
  static func chunk(of measurement: Measurement) -> ActivityShares? {
    let chunks = Double(measurement.spent.chunksSent)
    guard chunks > 0, let run = measurement.seconds.isEmpty ? nil : measurement.statistics.median else {
      return nil
    }
    let waited = min(.seconds(run), measurement.spent.queued / chunks)
    return ActivityShares([(.queue, waited), (.idle, .seconds(run) - waited)])
  }

  /// The time of the coordinator of a measurement on a pool. Several of its threads may be busy at
  /// the same time.
  static func coordinator(of measurement: Measurement) -> ActivityShares? {
    let spent = measurement.spent.coordinator
    guard measurement.copyingShare != nil else { return nil }
    let all = Duration.seconds(measurement.seconds.reduce(0, +))
    return ActivityShares([
      (.decoding, spent.decoding), (.encoding, spent.encoding), (.pipes, spent.reading + spent.writing),
      (.idle, all - spent.copying),
    ])
  }
}

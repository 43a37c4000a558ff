import ProcPool

/// What processes spend their time on, as charts show it.
enum PoolActivity: String, CaseIterable, Sendable {
  case computing
  case decoding
  case encoding
  case pipes
  case queue
  case idle

  /// As it stands in a legend.
  var name: String { rawValue }
}

/// Where the time of the processes of one side went: parts that are 1 together.
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

  /// All workers of a measurement, together.
  static func workers(of measurement: Measurement) -> ActivityShares? {
    let spent = measurement.spent.workers
    return ActivityShares([
      (.computing, spent.running), (.decoding, spent.decoding), (.encoding, spent.encoding),
      (.pipes, spent.reading + spent.writing), (.idle, spent.waiting),
    ])
  }

  /// A chunk of a measurement: the part of a run for which it waited, on average, until a worker had room for it. It is
  /// no process's time, since many wait at once.
  static func chunk(of measurement: Measurement) -> ActivityShares? {
    let chunks = Double(measurement.spent.chunksSent)
    guard chunks > 0, let run = measurement.seconds.isEmpty ? nil : measurement.statistics.median else {
      return nil
    }
    let waited = min(.seconds(run), measurement.spent.queued / chunks)
    return ActivityShares([(.queue, waited), (.idle, .seconds(run) - waited)])
  }

  /// The coordinator of a measurement on a pool: several of its threads may do something at the same time.
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

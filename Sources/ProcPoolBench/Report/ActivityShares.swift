import ProcPool

/// What processes spend their time on, as charts show it.
enum PoolActivity: String, CaseIterable, Sendable {
  case computing
  case decoding
  case encoding
  case pipes
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

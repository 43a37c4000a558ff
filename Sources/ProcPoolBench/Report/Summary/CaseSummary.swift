/// The best measurement of each kind of strategy for one case, and the fastest of them.
struct CaseSummary: Equatable, Sendable {
  /// The finding about the fastest kind.
  enum Outcome: Equatable, Sendable {
    /// Only one kind was measured.
    case unopposed(Strategy)
    /// One kind is faster than the next by a factor, beyond the noise of both.
    case wins(Strategy, by: Double, over: Strategy)
    /// No kind is faster than the others beyond the noise. The kind with the least median comes
    /// first.
    case withinNoise([Strategy])
  }

  let scenario: ScenarioName
  let label: CaseLabel

  /// The measurement with the least median of each kind. Wrong results are not among them.
  let best: [Strategy: Measurement]

  /// All usable measurements of each kind.
  private let all: [Strategy: [Measurement]]

  /// - Returns: `nil` without usable measurements.
  init?(_ scenario: ScenarioName, _ label: CaseLabel, _ measurements: [Measurement]) {
    self.scenario = scenario
    self.label = label
    var best: [Strategy: Measurement] = [:]
    var all: [Strategy: [Measurement]] = [:]
    for measurement in measurements {
      guard let strategy = Strategy(of: measurement.key), measurement.isUsable else { continue }
      all[strategy, default: []].append(measurement)
      if let known = best[strategy], known.statistics.median <= measurement.statistics.median { continue }
      best[strategy] = measurement
    }
    guard !best.isEmpty else { return nil }
    self.best = best
    self.all = all
  }

  /// The measured kinds, the fastest first.
  private var ranking: [(strategy: Strategy, measurement: Measurement)] {
    Strategy.allCases.compactMap { strategy in best[strategy].map { (strategy, $0) } }
      .sorted { $0.measurement.statistics.median < $1.measurement.statistics.median }
  }

  var outcome: Outcome {
    let ranking = ranking
    let first = ranking[0]
    guard ranking.count > 1 else { return .unopposed(first.strategy) }
    let close = ranking.dropFirst().filter { !isClear(first.strategy, before: $0.strategy) }
    guard close.isEmpty else { return .withinNoise([first.strategy] + close.map(\.strategy)) }
    let next = ranking[1]
    return .wins(
      first.strategy, by: next.measurement.statistics.median / first.measurement.statistics.median,
      over: next.strategy)
  }

  /// Whether a strategy on the pool was measured.
  var ranOnPool: Bool { best[.message] != nil || best[.shared] != nil }

  /// The median time of a run; of a round trip for payloads, because a run has many of them.
  func seconds(_ strategy: Strategy) -> Double? {
    best[strategy].map { measurement in
      measurement.statistics.median
        / (scenario == .payload ? Double(max(1, measurement.items ?? 1)) : 1)
    }
  }

  /// The speed of one kind as a multiple of another's; `nil` unless both were measured.
  func speed(of strategy: Strategy, over other: Strategy) -> Double? {
    guard let one = seconds(strategy), let two = seconds(other) else { return nil }
    return two / one
  }

  /// Whether any strategy of one kind is faster than all of the other kind beyond the noise.
  /// Comparing only the fastest strategies would let one disturbed run hide a clear difference.
  private func isClear(_ faster: Strategy, before slower: Strategy) -> Bool {
    all[faster, default: []].contains { one in
      all[slower, default: []].allSatisfy { Noise.isClear(one, before: $0) }
    }
  }

  /// Whether two kinds differ by no more than the noise of their runs.
  func isTie(_ one: Strategy, _ other: Strategy) -> Bool {
    guard best[one] != nil, best[other] != nil else { return false }
    return !isClear(one, before: other) && !isClear(other, before: one)
  }

  /// The share of the busy time of all processes that serialisation (encoding, pipes and decoding) took with the best
  /// strategy that sends; `nil` if none was measured.
  var copyingShare: Double? { best[.message]?.copyingShare }
}

extension Measurement {
  /// Whether the measurement has a time and no wrong result.
  var isUsable: Bool { verified != false && statistics.median > 0 }
}

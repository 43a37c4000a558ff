/// The findings of a run, on one screen.
///
/// A pure function of the report, so that it cannot disagree with the tables.
struct BenchSummary: Sendable {
  /// The whole cases of scenarios that compare strategies.
  let cases: [CaseSummary]

  /// The parts of cases, whose items are single elements, rows or terms.
  let parts: [CaseSummary]

  /// The payloads, in ascending order of size.
  let payloads: [CaseSummary]

  /// The size from which sharing pays; `nil` if payloads of fewer than two sizes were measured.
  let sharingThreshold: Figure?

  /// A line for each scenario that compares no strategies.
  let others: [(scenario: ScenarioName, text: String)]

  /// The strategies that gave a wrong result.
  let wrongResults: [String]

  let workers: Int

  init(of report: BenchReport) {
    let summaries = report.scenarios.filter(\.name.comparesStrategies).flatMap { scenario in
      Self.labels(of: scenario.measurements).compactMap { label in
        CaseSummary(scenario.name, label, scenario.measurements.filter { $0.key.label == label })
      }
    }.filter(\.ranOnPool)
    cases = summaries.filter { $0.scenario != .payload && !$0.label.isPart }
    parts = summaries.filter { $0.scenario != .payload && $0.label.isPart }
    payloads = PayloadScenario.sizes.compactMap { size in
      summaries.first { $0.scenario == .payload && $0.label.name == size.name }
    }
    sharingThreshold = PayloadScenario.crossover(
      report.scenarios.filter { $0.name == .payload }.flatMap(\.measurements).filter(\.isUsable))
    others = report.scenarios.filter { !$0.name.comparesStrategies }.compactMap { scenario in
      OtherFigures.text(for: scenario).map { (scenario.name, $0) }
    }
    wrongResults = report.wrongResults
    workers = report.workers
  }

  /// Every case, parts and payloads included.
  var all: [CaseSummary] { cases + parts + payloads }

  /// The number of cases that each kind of strategy wins, and the number of cases within noise.
  var score: (wins: [Strategy: Int], withinNoise: Int) {
    var (wins, ties) = ([Strategy: Int](), 0)
    for one in cases {
      switch one.outcome {
      case .unopposed: break
      case .wins(let strategy, _, _): wins[strategy, default: 0] += 1
      case .withinNoise: ties += 1
      }
    }
    return (wins, ties)
  }

  /// The times of the parts by message, as multiples of the serial time.
  var partsByMessage: ClosedRange<Double>? {
    let ratios = parts.compactMap { $0.speed(of: .serial, over: .message) }
    guard let least = ratios.min(), let most = ratios.max() else { return nil }
    return least...most
  }

  /// Whether the run has no findings.
  var isEmpty: Bool { all.isEmpty && others.isEmpty && wrongResults.isEmpty }

  private static func labels(of measurements: [Measurement]) -> [CaseLabel] {
    var labels: [CaseLabel] = []
    for measurement in measurements where !labels.contains(measurement.key.label) {
      labels.append(measurement.key.label)
    }
    return labels
  }
}

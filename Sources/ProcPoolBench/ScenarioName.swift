/// What the benchmark can measure.
public enum ScenarioName: String, CaseIterable, Sendable {
  /// Products of matrices, with the operands sent in different ways.
  case matmul

  /// Sums of an array and of two series, in intervals and term by term.
  case partialSums = "partial-sums"

  /// What an item costs that does hardly anything.
  case overhead

  /// Round trips of payloads from one byte to 64 MiB.
  case payload

  /// Ten tasks that only wait.
  case sleep

  /// From nothing to workers that have answered.
  case spawn

  /// The names that `--case` accepts for this scenario, in the order in which they run.
  ///
  /// A name of one scenario is never a name of another, so that a case can be asked for by its name alone.
  public var cases: [String] {
    switch self {
    case .matmul: ["low-l", "high-l", "big"]
    case .partialSums: ["array-sum", "slow-series", "trigonometric"]
    case .overhead: ["apply", "imap", "map"]
    case .payload: PayloadScenario.sizes.map(\.name)
    case .sleep: ["tenths", "seconds"]
    case .spawn: ["start"]
    }
  }

  /// The cases that run only when they are asked for by name.
  var casesOnRequest: Set<String> { self == .sleep ? ["seconds"] : [] }
}

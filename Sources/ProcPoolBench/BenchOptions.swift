/// The options of a benchmark run.
public struct BenchOptions: Sendable {
  /// The number of workers; `nil` for the pool's choice for this machine.
  public var workers: Int?

  /// The scenarios to run; all if empty.
  public var scenarios: [ScenarioName] = []

  /// The only case to run, one of ``ScenarioName/cases``; all if `nil`.
  public var caseName: String?

  /// Whether to use less data and fewer runs, to finish within about 20 seconds.
  public var quick = false

  /// The number of measured runs of each strategy; `nil` for the scenario's own.
  public var repeats: Int?

  /// The seed of the samples' random numbers.
  public var seed: UInt64 = 1

  /// The user's matrices, multiplied instead of samples.
  public var matrices: OwnMatrices?

  /// The user's array, summed instead of samples.
  public var array: OwnArray?

  /// The paths of the user's files.
  var files: [String] { (matrices?.names ?? []) + (array.map { [$0.name] } ?? []) }

  /// Creates the options of the default run.
  public init() {}

  /// The scenarios to run: those that use the user's data if there is any, otherwise ``scenarios`` without those that
  /// lack ``caseName``.
  public var selectedScenarios: [ScenarioName] {
    if matrices != nil || array != nil {
      return (matrices != nil ? [.matmul] : []) + (array != nil ? [.partialSums] : [])
    }
    let asked = ScenarioName.allCases.filter {
      scenarios.isEmpty ? !$0.isOnRequest || caseName != nil : scenarios.contains($0)
    }
    guard let caseName else { return asked }
    return asked.filter { $0.cases.contains(caseName) }
  }

  /// Whether to run a case of a scenario.
  func includes(_ name: String, of scenario: ScenarioName) -> Bool {
    caseName.map { $0 == name } ?? !scenario.casesOnRequest.contains(name)
  }

  /// The number of measured runs of a strategy: ``repeats``, or the scenario's own number for a usual or a quick run.
  func runs(usual: Int, quickly: Int) -> Int { repeats ?? (quick ? quickly : usual) }
}

/// What a run of the benchmark is asked to do.
public struct BenchOptions: Sendable {
  /// The number of workers; `nil` for as many as the pool chooses for this machine.
  public var workers: Int?

  /// The scenarios to run; all if empty.
  public var scenarios: [ScenarioName] = []

  /// The only case to run, one of ``ScenarioName/cases``; all if `nil`.
  public var caseName: String?

  /// Whether to work on less data and with fewer runs, to end within 20 seconds or so.
  public var quick = false

  /// The number of measured runs of each strategy; `nil` for the scenario's own.
  public var repeats: Int?

  /// What the random numbers of all samples follow from.
  public var seed: UInt64 = 1

  /// Matrices of the user's, to be multiplied instead of samples.
  public var matrices: OwnMatrices?

  /// An array of the user's, to be summed instead of samples.
  public var array: OwnArray?

  /// The paths of the user's data.
  var files: [String] { (matrices?.names ?? []) + (array.map { [$0.name] } ?? []) }

  /// Creates options that ask for the default run.
  public init() {}

  /// The scenarios that are run: those that the user's own data is for, or else those asked for, less those that lack
  /// the case asked for.
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

  /// Whether a case of a scenario is to be run.
  func includes(_ name: String, of scenario: ScenarioName) -> Bool {
    caseName.map { $0 == name } ?? !scenario.casesOnRequest.contains(name)
  }

  /// How often a strategy is run and measured, when the scenario itself would run it `usual` times, or
  /// `quickly` in a quick run.
  func runs(usual: Int, quickly: Int) -> Int { repeats ?? (quick ? quickly : usual) }
}

import BenchTasks
import ProcPool

/// A run of the benchmark.
public struct Bench: Sendable {
  private let options: BenchOptions

  /// Creates a run; nothing starts yet.
  public init(_ options: BenchOptions) { self.options = options }

  /// Runs the scenarios one after the other.
  ///
  /// Every scenario has a pool of its own, so that no scenario sees what another left in the workers' memory.
  ///
  /// - Parameters:
  ///   - started: Gets a line about the machine and the workers before the first scenario.
  ///   - finished: Gets each scenario's report when the scenario is done.
  ///   - progress: Gets a few words about what comes next, often.
  /// - Throws: what the pool throws, when workers do not start or do not answer, and what the closures throw,
  ///   which ends the run. A wrong result is not thrown: it is in the report.
  public func run(
    started: (String) throws -> Void, finished: (ScenarioReport) throws -> Void,
    progress: @escaping (String) -> Void
  ) async throws -> BenchReport {
    progress("starting workers")
    let sizing = try await Self.sizing(of: options.workers)
    let machine = Machine.current()
    try started("\(machine.summary)\n\(sizing)\n")
    var reports: [ScenarioReport] = []
    var product: NumPyFile?
    for name in options.selectedScenarios {
      let context = BenchContext(
        options: options, workers: sizing.workers, scenario: name, recorder: Recorder(progress: progress))
      try await Self.scenario(name).run(in: context)
      let report = ScenarioReport(
        name: name, measurements: context.recorder.measurements, figures: context.figures,
        notes: context.notes)
      reports.append(report)
      product = product ?? context.product
      try finished(report)
    }
    return BenchReport(
      machine: machine, workers: sizing.workers, options: options, scenarios: reports, product: product)
  }

  /// How many workers a pool has, once they have answered: workers that cannot serve are found before samples
  /// are made.
  private static func sizing(of workers: Int?) async throws -> PoolSizing {
    do {
      return try await withPool(
        workers: workers.map { .local($0) } ?? .automatic, worker: BenchContext.worker
      ) { pool in
        _ = try await pool.broadcast(ProcessNumber(), to: 0)
        return pool.sizing
      }
    } catch PoolError.workersUnavailable(let failure) {
      throw WorkersMissing(reason: failure)
    }
  }

  private static func scenario(_ name: ScenarioName) -> any Scenario {
    switch name {
    case .matmul: MatmulScenario()
    case .partialSums: PartialSumsScenario()
    case .overhead: OverheadScenario()
    case .payload: PayloadScenario()
    case .locks: LocksScenario()
    case .sleep: SleepScenario()
    case .spawn: SpawnScenario()
    case .recycling: RecyclingScenario()
    case .uneven: UnevenScenario()
    case .growth: GrowthScenario()
    }
  }
}

/// The benchmark's workers could not be started.
struct WorkersMissing: Error, CustomStringConvertible {
  var reason: WorkerStartFailure

  var description: String {
    "\(reason) (the workers are the program procpool-bench-worker; it must be of the same build)"
  }
}

/// A question that the benchmark answers by measuring.
protocol Scenario {
  /// Measures into the context's recorder.
  func run(in context: BenchContext) async throws
}

/// What a scenario needs to know, and where its results go.
final class BenchContext {
  /// The program that serves the benchmark's tasks.
  static let worker = WorkerSource.executable(named: "procpool-bench-worker")

  let options: BenchOptions
  let workers: Int
  let scenario: ScenarioName
  let recorder: Recorder

  /// What a reader of the scenario's table has to know.
  private(set) var notes: [String] = []

  /// What it found besides the times of strategies.
  private(set) var figures: [Figure] = []

  /// The product of the user's matrices, once it has been computed on the pool and found right.
  private(set) var product: NumPyFile?

  init(options: BenchOptions, workers: Int, scenario: ScenarioName, recorder: Recorder) {
    self.options = options
    self.workers = workers
    self.scenario = scenario
    self.recorder = recorder
  }

  func includes(_ caseName: String) -> Bool { options.includes(caseName, of: scenario) }

  /// Adds a note to the scenario's table, once.
  func note(_ text: String) {
    if !notes.contains(text) { notes.append(text) }
  }

  func add(_ figure: Figure) { figures.append(figure) }

  /// Keeps a product that was found right, if the matrices were the user's.
  func keep<Scalar: MatrixScalar>(_ product: [Scalar], rows: Int, columns: Int) {
    guard options.matrices != nil, self.product == nil else { return }
    self.product = NumPyFile(name: "C", shape: [rows, columns], .init(product))
  }

  /// The key of a strategy that runs on the pool; `workers` unless it runs on another number of them.
  func key(_ label: CaseLabel, _ strategy: String, workers: Int? = nil) -> MeasurementKey {
    MeasurementKey(scenario: scenario, label: label, strategy: strategy, workers: workers ?? self.workers)
  }

  /// The key of the coordinator computing alone.
  func serialKey(_ label: CaseLabel) -> MeasurementKey { key(label, Measurement.serial, workers: 0) }

  /// Runs `body` with a pool of some number of workers, as many as the run has unless given.
  func withWorkers(_ count: Int? = nil, _ body: (Pool) async throws -> Void) async throws {
    try await withPool(workers: count ?? workers, worker: Self.worker, body)
  }
}

import BenchTasks
import ProcPool

/// A run of the benchmark.
public struct Bench: Sendable {
  private let options: BenchOptions

  /// Creates a run; nothing starts yet.
  public init(_ options: BenchOptions) { self.options = options }

  /// Runs the scenarios in order.
  ///
  /// Every scenario has its own pool, so that no scenario finds another's data in the workers' memory.
  ///
  /// - Parameters:
  ///   - started: Receives a description of the machine and the workers before the first scenario.
  ///   - finished: Receives each scenario's report as soon as it is complete.
  ///   - progress: Receives a short description of each step before it starts.
  /// - Throws: The pool's errors if workers do not start or do not answer, and the errors of the closures, which end
  ///   the run. A wrong result is part of the report instead.
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

  /// The size of a pool whose workers have answered: workers that cannot serve are detected before samples are
  /// generated.
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
    // A shortage has nothing to do with the worker's program.
    reason.isShortage
      ? "\(reason)" : "\(reason) (workers run procpool-bench-worker, which must be of the same build)"
  }
}

/// A question that the benchmark answers by measuring.
protocol Scenario {
  /// Measures into the context's recorder.
  func run(in context: BenchContext) async throws
}

/// A scenario's options, and the recorder of its results.
final class BenchContext {
  /// The program that serves the benchmark's tasks.
  static let worker = WorkerSource.executable(named: "procpool-bench-worker")

  let options: BenchOptions
  let workers: Int
  let scenario: ScenarioName
  let recorder: Recorder

  /// Notes below the scenario's tables.
  private(set) var notes: [String] = []

  /// Findings other than the times of strategies.
  private(set) var figures: [Figure] = []

  /// The product of the user's matrices, once it has been computed on the pool and verified.
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

  /// Keeps a verified product if the matrices are the user's.
  func keep<Scalar: MatrixScalar>(_ product: [Scalar], rows: Int, columns: Int) {
    guard options.matrices != nil, self.product == nil else { return }
    self.product = NumPyFile(name: "C", shape: [rows, columns], .init(product))
  }

  /// Returns the key of a strategy that runs on the pool, by default on all workers of the run.
  func key(_ label: CaseLabel, _ strategy: String, workers: Int? = nil) -> MeasurementKey {
    MeasurementKey(scenario: scenario, label: label, strategy: strategy, workers: workers ?? self.workers)
  }

  /// Returns the key of the serial strategy, which runs in the coordinator.
  func serialKey(_ label: CaseLabel) -> MeasurementKey { key(label, Measurement.serial, workers: 0) }

  /// Runs `body` with a pool, by default with as many workers as the run has.
  func withWorkers(_ count: Int? = nil, _ body: (Pool) async throws -> Void) async throws {
    try await withPool(workers: count ?? workers, worker: Self.worker, body)
  }
}

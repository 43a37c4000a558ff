import BenchTasks
import ProcPool

/// The options of `procpool chaos` and `procpool soak`.
public struct ChaosOptions: Sendable {
  /// The duration in seconds. The round that is running when the time has passed is completed.
  public var seconds = 30
  /// The seed of the disturbances. Their timing depends on the machine.
  public var seed: UInt64 = 1
  /// The number of workers; `nil` for as many as the machine allows, but at least three.
  public var workers: Int?

  /// Creates options with the documented defaults.
  public init() {}

  /// Returns the number of workers. Starts as many workers as fit, once, because Foundation's first
  /// launch opens descriptors that stay open for the life of the process.
  func fittingWorkers() async throws -> Int {
    let fitting = try await withPool(worker: BenchContext.worker) { pool in
      _ = try await pool.broadcast(Increment(), to: 0)
      return pool.sizing.workers
    }
    return workers ?? max(3, fitting)
  }
}

/// The disturbances of a run, and their effect on items.
public struct ChaosTally: Sendable {
  /// Rounds. In chaos each round has its own pool; in soak all rounds share one.
  public internal(set) var rounds = 0
  /// Items that ended.
  public internal(set) var items = 0
  /// Workers that were killed by the run.
  public internal(set) var killed = 0
  /// Workers that were stopped by SIGSTOP.
  public internal(set) var stopped = 0
  /// Calls that were cancelled.
  public internal(set) var cancelledCalls = 0
  /// Items that failed because their worker was killed.
  public internal(set) var lost = 0
  /// Items that were started again because their worker was killed.
  public internal(set) var retried = 0
  /// Workers that were recycled.
  public internal(set) var recycled = 0
  /// The longest time from the loss of a worker until its replacement took up work, in a pool with
  /// pending work.
  public internal(set) var slowestReplacement = Duration.zero
  /// Descriptions of the violated guarantees.
  public internal(set) var breaches: [String] = []

  /// A summary of several lines.
  public var description: String {
    let slowest = Units.seconds(slowestReplacement / .seconds(1))
    let verdict =
      breaches.isEmpty
      ? "each of which ended exactly once, with the correct value or an expected failure"
      : "and \(breaches.count) violations"
    return """
      \(rounds) rounds, \(items) items, \(verdict).
      Workers killed: \(killed), stopped: \(stopped), recycled: \(recycled); calls cancelled: \(cancelledCalls).
      Items that were running in workers that died: \(lost + retried), of which \(retried) were retried.
      Longest time from a death until the replacement took up work: \(slowest).
      """
  }
}

/// Runs calls with known results while their workers are killed, stopped and continued at random.
///
/// After each round it verifies that every item has ended exactly once, with the correct value or
/// for an expected reason, and that no process, descriptor or shared memory is left.
public struct Chaos {
  private let options: ChaosOptions

  /// Creates a run that starts with ``run(progress:)``.
  public init(_ options: ChaosOptions) {
    self.options = options
  }

  /// - Parameter progress: Receives a short description before each round.
  public func run(progress: (String) -> Void) async throws -> ChaosTally {
    var tally = ChaosTally()
    let workers = try await options.fittingWorkers()
    let before = Remains.now()
    let end = ContinuousClock.now + .seconds(options.seconds)
    while ContinuousClock.now < end, tally.breaches.count < Self.enough {
      progress("round \(tally.rounds + 1), \(tally.items) items, \(tally.killed) workers killed")
      var round = ChaosRound(
        workers: workers, random: RandomNumbers(seed: options.seed, sample: tally.rounds))
      try await round.run(&tally)
      let left = await Remains.since(before)
      if !left.isEmpty { tally.breaches.append("round \(tally.rounds): left behind: \(left)") }
    }
    return tally
  }

  /// The number of violations after which the run ends, because further ones would add nothing.
  private static let enough = 10
}

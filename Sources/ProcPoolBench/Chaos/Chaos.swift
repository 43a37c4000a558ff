import BenchTasks
import ProcPool

/// What `procpool chaos` is to do.
public struct ChaosOptions: Sendable {
  /// How long, about: the round that is running then is ended.
  public var seconds = 30
  /// What is done, and to whom, follows from this; when it hits, follows from the machine.
  public var seed: UInt64 = 1
  /// As many as the machine allows, and three at least, unless given.
  public var workers: Int?

  /// Creates options with the defaults that are documented with each property.
  public init() {}

  /// How many workers there are to be. Starts as many as fit, once: the first launch makes Foundation open
  /// what it keeps for the life of the process.
  func fittingWorkers() async throws -> Int {
    let fitting = try await withPool(worker: BenchContext.worker) { pool in
      _ = try await pool.broadcast(Increment(), to: 0)
      return pool.sizing.workers
    }
    return workers ?? max(3, fitting)
  }
}

/// What was done to workers, and what became of the items.
public struct ChaosTally: Sendable {
  /// Rounds; in chaos each has a pool of its own, in soak all share one.
  public internal(set) var rounds = 0
  /// Items that ended.
  public internal(set) var items = 0
  /// Workers that were killed.
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
  /// The longest time from a worker's loss to when its replacement took up work, in a pool with work.
  public internal(set) var slowestReplacement = Duration.zero
  /// What was not as it must be, in words.
  public internal(set) var breaches: [String] = []

  /// In words, for people.
  public var description: String {
    let slowest = Units.seconds(slowestReplacement / .seconds(1))
    let verdict =
      breaches.isEmpty
      ? "each of which ended once and with the right value or a reason" : "and \(breaches.count) breaches"
    return """
      \(rounds) rounds, \(items) items, \(verdict).
      Workers killed: \(killed), stopped: \(stopped), replaced on purpose: \(recycled); calls cancelled: \(cancelledCalls).
      Items that were running in a worker that died: \(lost + retried), of which \(retried) were begun once more.
      From a death to a replacement that takes up work: \(slowest) at the most.
      """
  }
}

/// Runs work whose answers are known, while workers are killed, stopped and continued, and looks after each
/// round whether every item has ended once, with the right value or for a reason that fits, and whether
/// anything is left.
public struct Chaos {
  private let options: ChaosOptions

  /// Creates a run that starts with ``run(progress:)``.
  public init(_ options: ChaosOptions) {
    self.options = options
  }

  /// - Parameter progress: is told what is being done, before each round.
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

  /// So many breaches say what there is to say.
  private static let enough = 10
}

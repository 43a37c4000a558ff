import BenchTasks
import ProcPool

/// The cost of a lock in shared memory, uncontended and contended, and the updates lost without
/// one.
struct LocksScenario: Scenario {
  func run(in context: BenchContext) async throws {
    let scale = context.options.quick ? 1 : 5
    let runs = context.options.runs(usual: 3, quickly: 2)
    if context.includes("uncontended") {
      try await uncontended(count: 200_000 * scale, runs: runs, context)
    }
    // The total number of additions does not depend on the number of workers.
    let share = context.workers
    try await context.withWorkers { pool in
      if context.includes("contended") {
        try await contended(times: 160_000 * scale / share, runs: runs, on: pool, context)
      }
      if context.includes("race") {
        try await race(times: 800_000 * scale / share, runs: runs, on: pool, context)
      }
    }
    context.note(
      "An item is one addition: under the lock of a LockedValue, to a SharedCounter, or by reading and then writing a counter."
    )
  }

  private func uncontended(count: Int, runs: Int, _ context: BenchContext) async throws {
    let value = try LockedValue(0)
    let counter = try SharedCounter()
    let lock = context.key("uncontended", "lock", workers: 0)
    try await context.recorder.measure(lock, items: count, runs: runs) {
      for _ in 0..<count { try value.withLock { $0 += 1 } }
    } verify: {
      Self.take(value) == count
    }
    let atomic = context.key("uncontended", "atomic", workers: 0)
    try await context.recorder.measure(atomic, items: count, runs: runs) {
      for _ in 0..<count { counter.add(1) }
    } verify: {
      Self.take(counter) == count
    }
  }

  private func contended(times: Int, runs: Int, on pool: Pool, _ context: BenchContext) async throws {
    let value = try LockedValue(0)
    let counter = try SharedCounter()
    let all = times * pool.sizing.workers
    try await context.recorder.measure(context.key("contended", "lock"), items: all, runs: runs, on: pool) {
      try await pool.broadcast(LockedIncrements(of: value), to: times)
    } verify: {
      Self.take(value) == all
    }
    try await context.recorder.measure(context.key("contended", "atomic"), items: all, runs: runs, on: pool) {
      try await pool.broadcast(AtomicIncrements(of: counter), to: times)
    } verify: {
      Self.take(counter) == all
    }
    guard pool.sizing.workers > 1 else { return }
    context.recorder.announce("locks · contended · fairness")
    // A tenth of a second of processor time per worker, so that the scheduler's time slices of some
    // milliseconds do not dominate if there are few processors.
    let turns = (pool.sizing.workers + pool.sizing.affinity - 1) / pool.sizing.affinity
    let counts = try await pool.broadcast(LockForAWhile(on: value), to: 100 * (turns + 1)).map(Double.init)
    let share = counts.min()! / counts.max()!
    context.add(
      Figure(
        name: "fairness", value: share, unit: "fewest / most",
        text:
          "the worker with the fewest acquisitions had \(Units.fixed(share * 100, decimals: 0)) % of those of the "
          + "worker with the most"))
  }

  private func race(times: Int, runs: Int, on pool: Pool, _ context: BenchContext) async throws {
    let counter = try SharedCounter()
    let all = times * pool.sizing.workers
    var lost: [Int] = []
    try await context.recorder.measure(
      context.key("race", "nothing"), items: all, runs: runs, on: pool
    ) {
      try await pool.broadcast(RacingIncrements(of: counter), to: times)
    } verify: {
      let value = Self.take(counter)
      lost.append(all - value)
      // A result of 0, or of more than the number of additions, is impossible.
      return (1...all).contains(value)
    }
    let most = lost.max() ?? 0
    context.add(
      Figure(
        name: "lost updates", value: Double(most), unit: "of \(all)",
        text:
          "without a lock, up to \(Units.grouped(most)) of \(Units.grouped(all)) additions were lost in a run"
      )
    )
  }

  /// Returns the value and resets it to 0 for the next run.
  private static func take(_ value: LockedValue<Int>) -> Int? {
    try? value.withLock { value in
      defer { value = 0 }
      return value
    }
  }

  private static func take(_ counter: SharedCounter) -> Int {
    defer { counter.value = 0 }
    return counter.value
  }
}

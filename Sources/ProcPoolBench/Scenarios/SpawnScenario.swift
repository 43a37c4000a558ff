import BenchTasks
import ProcPool

/// The time from the creation of a pool until its workers have answered, for one worker and for
/// all.
struct SpawnScenario: Scenario {
  func run(in context: BenchContext) async throws {
    guard context.includes("start") else { return }
    let runs = context.options.runs(usual: 5, quickly: 3)
    for workers in Set([1, context.workers]).sorted() {
      var shares: [Double] = []
      let key = context.key("start", "broadcast", workers: workers)
      try await context.recorder.measure(key, items: workers, runs: runs) {
        let pool = try Pool(workers: workers, worker: BenchContext.worker)
        return (pool: pool, processes: try await pool.broadcast(ProcessNumber(), to: 0))
      } verify: { run in
        shares = run.processes.compactMap(ResidentMemory.share)
        // The end of the pool is not measured.
        run.pool.close()
        await run.pool.join()
        // Each worker has answered from its own process.
        return Set(run.processes).count == workers
      }
      guard workers == context.workers, let memory = RunStatistics(of: shares)?.median else { continue }
      context.add(
        Figure(
          name: "idle-worker", value: memory, unit: "bytes",
          text:
            "an idle worker takes \(Units.bytes(memory)) of memory (proportional set size).")
      )
    }
  }
}

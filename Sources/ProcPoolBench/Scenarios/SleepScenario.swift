import BenchTasks
import ProcPool

/// Ten tasks that sleep: ten times as fast on ten workers, even with one processor.
struct SleepScenario: Scenario {
  private static let tasks = 10

  func run(in context: BenchContext) async throws {
    try await context.withWorkers { pool in
      for (name, milliseconds) in [("tenths", 100), ("seconds", 1_000)] where context.includes(name) {
        let runs = context.options.runs(usual: 2, quickly: 1)
        let sleep = Sleep(milliseconds: milliseconds)
        try await context.recorder.measure(context.serialKey(CaseLabel(name)), items: Self.tasks, runs: runs)
        {
          (0..<Self.tasks).map { sleep.run($0) }
        } verify: {
          $0.elementsEqual(0..<Self.tasks)
        }
        try await context.recorder.measure(
          context.key(CaseLabel(name), "map"), items: Self.tasks, runs: runs, on: pool
        ) {
          try await pool.map(sleep, over: 0..<Self.tasks, chunkSize: 1)
        } verify: {
          $0.elementsEqual(0..<Self.tasks)
        }
        let rounds = (Self.tasks + context.workers - 1) / context.workers
        let best = Units.seconds(Double(rounds * milliseconds) / 1_000)
        context.note(
          "\(name): \(Self.tasks) tasks on \(context.workers) workers cannot take less than \(best).")
      }
    }
    if context.options.caseName == nil {
      context.note("--case seconds sleeps for whole seconds, as in course material.")
    }
  }
}

import BenchTasks
import Foundation
import ProcPool

/// The cost of replacing processes: by recycling every 25 items, and after a crash.
struct RecyclingScenario: Scenario {
  private static let limit = 25
  private static let microseconds = 250
  private static let unlimited = "one-process"
  private static let recycled = "25-items-each"

  func run(in context: BenchContext) async throws {
    if context.includes("sleeping") {
      try await compare("sleeping", Sleep(microseconds: Self.microseconds), context)
    }
    if context.includes("computing") {
      try await compare("computing", Spin(microseconds: Self.microseconds), context)
    }
    if context.includes("death") {
      try await die("cold", standby: 0, context)
      try await die("standing-by", standby: 1, context)
    }
  }

  // MARK: - Recycling

  private func compare<Task: PoolTask>(
    _ name: String, _ task: Task, _ context: BenchContext
  ) async throws where Task.Input == Int, Task.Output == Int {
    let count = context.options.quick ? 2_000 : 8_000
    let runs = context.options.runs(usual: 3, quickly: 2)
    for (strategy, limit) in [(Self.unlimited, nil), (Self.recycled, Self.limit)] {
      try await withPool(
        workers: context.workers, worker: BenchContext.worker,
        configuration: PoolConfiguration(recycling: RecyclingPolicy(items: limit))
      ) { pool in
        try await context.recorder.measure(
          context.key(CaseLabel(name), strategy), items: count, runs: runs, on: pool
        ) {
          try await pool.map(task, over: 0..<count)
        } verify: {
          $0.elementsEqual(0..<count)
        }
      }
    }
    guard let before = context.recorder.itemsPerSecond(context.key(CaseLabel(name), Self.unlimited)),
      let after = context.recorder.itemsPerSecond(context.key(CaseLabel(name), Self.recycled))
    else { return }
    let (start, processors) = try await costOfAStart(context)
    // An item that computes uses its share of the processors and its share of a start. Sleeping
    // items leave the processors to the starting processes.
    let computing = name == "computing" ? min(Double(context.workers), processors) / before : 0
    let ceiling = min(before, processors / (computing + start / Double(Self.limit)))
    context.add(
      Figure(
        name: "recycling-\(name)", value: after / ceiling, unit: "of the ceiling",
        text: """
          \(name): \(Units.fixed(after / before * 100, decimals: 0)) % of the speed without recycling, \
          \(Units.fixed(after / ceiling * 100, decimals: 0)) % of the achievable: a start takes \
          \(Units.seconds(start)) of processor time, divided among \(Self.limit) items.
          """))
  }

  /// Returns the processor seconds that starting and ending a worker process takes, in it and in
  /// the coordinator, and the number of available processors.
  private func costOfAStart(_ context: BenchContext) async throws -> (time: Double, processors: Double) {
    let count = 50
    let before = ProcessorTime.own + ProcessorTime.ofEnded
    var processors = 1.0
    for _ in 0..<count / context.workers + 1 {
      try await withPool(workers: context.workers, worker: BenchContext.worker) { pool in
        _ = try await pool.broadcast(Increment(), to: 0)
        processors = min(Double(pool.sizing.affinity), pool.sizing.quota ?? .infinity)
      }
    }
    let starts = (count / context.workers + 1) * context.workers
    return ((ProcessorTime.own + ProcessorTime.ofEnded - before) / Double(starts), processors)
  }

  // MARK: - Crashes

  /// Measures the time from a worker's death to the next result, with one worker.
  private func die(_ strategy: String, standby: Int, _ context: BenchContext) async throws {
    let runs = context.options.runs(usual: 20, quickly: 5)
    let key = context.key("death", strategy, workers: 1)
    try await withPool(
      workers: 1, worker: BenchContext.worker,
      configuration: PoolConfiguration(recycling: RecyclingPolicy(standby: standby))
    ) { pool in
      var pid = try await pool.apply(ProcessNumber(), to: 0)
      try await context.recorder.measure(key, items: 1, runs: runs) {
        kill(pid, SIGKILL)
        // The item may be sent to the dying process. It was then not started, and is sent to the
        // next one.
        return try await pool.apply(ProcessNumber(), to: 0, retry: .atLeastOnce(maximumAttempts: 2))
      } verify: { next in
        defer { pid = next }
        // Not measured: the start of the next standby process.
        try? await Task.sleep(for: .milliseconds(standby > 0 ? 100 : 0))
        return next != pid
      }
    }
    if let slowest = context.recorder.measurements.first(where: { $0.key == key })?.seconds.max() {
      context.add(
        Figure(
          name: "death-\(strategy)", value: slowest, unit: "s",
          text: "\(strategy): \(Units.seconds(slowest)) at most from a death to the next result."))
    }
  }
}

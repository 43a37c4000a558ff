import BenchTasks
import Glibc
import ProcPool

/// Items of very different durations, compared with the best possible schedule.
struct UnevenScenario: Scenario {
  func run(in context: BenchContext) async throws {
    let quick = context.options.quick
    if context.includes("mandelbrot") {
      let rows = quick ? 200 : 600
      let task = MandelbrotRow(width: 800, height: rows, limit: quick ? 500 : 2_000)
      context.recorder.announce("\(context.scenario.rawValue) · mandelbrot · computing the reference")
      try await compare("mandelbrot", task, over: Array(0..<rows), context, expected: task.steps(in:))
    }
    if context.includes("log-normal") {
      try await compare("log-normal", SleepFor(), over: durations(quick ? 200 : 600, context), context) { $0 }
    }
    context.note(
      "best: a lower bound of any schedule, which is the total time of the items divided by the workers, or the longest item."
    )
  }

  private func compare<Task: PoolTask>(
    _ name: String, _ task: Task, over inputs: [Int], _ context: BenchContext, expected: (Int) -> Int
  ) async throws where Task.Input == Int, Task.Output == Timed<Int> {
    let runs = context.options.runs(usual: 5, quickly: 2)
    let reference = inputs.map(expected)
    let key = context.key(CaseLabel(name), "map")
    var best: [Double] = []
    try await context.withWorkers { pool in
      try await context.recorder.measure(key, items: inputs.count, runs: runs, on: pool) {
        try await pool.map(task, over: inputs)
      } verify: { outputs in
        let times = outputs.map { Double($0.nanoseconds) * 1e-9 }
        best.append(max(times.reduce(0, +) / Double(context.workers), times.max() ?? 0))
        return outputs.map(\.value) == reference
      }
    }
    guard let seconds = context.recorder.measurements.first(where: { $0.key == key })?.seconds,
      // The first run is a warm-up.
      let ratio = RunStatistics(of: zip(seconds, best.dropFirst()).map { $0 / $1 })?.median
    else { return }
    context.add(
      Figure(
        name: "uneven-\(name)", value: ratio, unit: "of the best",
        text: "\(name): \(Units.fixed((ratio - 1) * 100, decimals: 1)) % longer than the best schedule."))
  }

  /// Microseconds, log-normally distributed: half are shorter than a millisecond, and one in a
  /// hundred is longer than ten.
  private func durations(_ count: Int, _ context: BenchContext) -> [Int] {
    var random = RandomNumbers(seed: context.options.seed, sample: count)
    let uniform = random.array(count: 2 * count, of: Double.self)
    return (0..<count).map { index in
      // The Box–Muller transform of two numbers that are uniformly distributed in −1 ..< 1.
      let radius = (-2 * log(max((uniform[2 * index] + 1) / 2, 1e-12))).squareRoot()
      return Int(1_000 * exp(radius * cos(.pi * uniform[2 * index + 1])))
    }
  }
}

import BenchTasks
import ProcPool

/// The coordinator's cost per item with many items and with many workers. It should be constant.
struct GrowthScenario: Scenario {
  private static let itemCounts = [10_000, 100_000, 1_000_000, 10_000_000, 100_000_000]
  private static let workerCounts = [1, 2, 4, 8, 16, 32, 64]

  func run(in context: BenchContext) async throws {
    let quick = context.options.quick
    if context.includes("items") {
      var costs: [Cost] = []
      for count in Self.itemCounts.prefix(quick ? 3 : 5) {
        try await context.withWorkers { pool in
          costs.append(try await cost("items", count: count, of: Units.grouped(count), on: pool, context))
        }
      }
      report("items", costs, context)
    }
    if context.includes("workers") {
      var costs: [Cost] = []
      for workers in Self.workerCounts.prefix(quick ? 4 : 7) {
        try await context.withWorkers(workers) { pool in
          costs.append(
            try await cost("workers", count: quick ? 100_000 : 1_000_000, of: "", on: pool, context))
        }
      }
      report("workers", costs, context)
    }
    context.note("Each item is an Int in its own chunk. Its output is the next integer.")
  }

  private struct Cost {
    /// The coordinator's processor time per item, in seconds.
    var seconds: Double
    /// The coordinator's resident memory, in bytes.
    var resident: Double
  }

  private func cost(
    _ name: String, count: Int, of variant: String, on pool: Pool, _ context: BenchContext
  ) async throws -> Cost {
    // Short calls are repeated until there are a million items, so their fixed costs are included.
    let runs = context.options.repeats ?? max(1, 1_000_000 / count)
    let start = ProcessorTime.own
    try await context.recorder.measure(
      context.key(CaseLabel(name, variant), "imap", workers: pool.sizing.workers), items: count, runs: runs,
      on: pool
    ) {
      var expected = 0
      for try await number in pool.imap(Increment(), over: 0..<count, chunkSize: 1) {
        expected += 1
        guard number == expected else { return -1 }
      }
      return expected
    } verify: {
      $0 == count
    }
    // The warm-up run counts also.
    return Cost(
      seconds: (ProcessorTime.own - start) / Double((runs + 1) * count),
      resident: ResidentMemory.own ?? 0)
  }

  private func report(_ name: String, _ costs: [Cost], _ context: BenchContext) {
    let seconds = costs.map(\.seconds)
    guard let least = seconds.min(), let most = seconds.max(), least > 0 else { return }
    context.add(
      Figure(
        name: "growth-\(name)", value: most / least, unit: "×",
        text: """
          \(name): an item takes \(Units.seconds(least)) to \(Units.seconds(most)) of the coordinator's processor \
          time (\(seconds.map(Units.seconds).joined(separator: ", "))).
          """))
    context.add(
      Figure(
        name: "growth-\(name)-memory", value: costs.map(\.resident).max(), unit: "bytes",
        text: "\(name): the coordinator's memory after each: "
          + costs.map { Units.bytes($0.resident) }.joined(separator: ", ") + "."))
  }
}

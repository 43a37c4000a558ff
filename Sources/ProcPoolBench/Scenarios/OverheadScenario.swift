import BenchTasks
import ProcPool

/// The cost of an item with almost no work: by single calls, in a stream, and in chunks.
struct OverheadScenario: Scenario {
  func run(in context: BenchContext) async throws {
    // A quick run has a tenth of the items.
    let scale = context.options.quick ? 1 : 10
    let runs = context.options.runs(usual: 3, quickly: 2)
    try await context.withWorkers { pool in
      if context.includes("apply") {
        try await apply(count: 200 * scale, runs: runs, on: pool, context)
      }
      if context.includes("imap") {
        try await stream(chunkSize: 1, count: 20_000 * scale, runs: runs, on: pool, context)
        try await stream(chunkSize: 64, count: 200_000 * scale, runs: runs, on: pool, context)
      }
      if context.includes("map") {
        let count = 1_000_000 * scale
        let inputs = Array(0..<count)
        try await context.recorder.measure(
          context.key("map", "automatic"), items: count, runs: runs, on: pool
        ) {
          try await pool.map(Increment(), over: inputs)
        } verify: {
          $0.elementsEqual(1...count)
        }
      }
    }
    context.note(
      "Each item is an Int. Its output is the next integer. apply waits for each output before it sends the next item."
    )
  }

  private func apply(count: Int, runs: Int, on pool: Pool, _ context: BenchContext) async throws {
    let workers = try await pool.broadcast(ProcessNumber(), to: 0)
    func used() -> (own: Double, workers: Double) {
      (ProcessorTime.own, workers.reduce(0) { $0 + ProcessorTime.of($1) })
    }
    let before = used()
    try await context.recorder.measure(
      context.key("apply", "round-trips"), items: count, runs: runs, on: pool
    ) {
      var right = 0
      for number in 0..<count where try await pool.apply(Increment(), to: number) == number + 1 { right += 1 }
      return right
    } verify: {
      $0 == count
    }
    let after = used()
    // The warm-up run counts also.
    let calls = Double((runs + 1) * count)
    let (own, theirs) = ((after.own - before.own) / calls, (after.workers - before.workers) / calls)
    context.add(
      Figure(
        name: "apply-processor-time", value: own + theirs, unit: "s",
        text: """
          an apply takes \(Units.seconds(own)) of the coordinator's processor time and \(Units.seconds(theirs)) of \
          the workers'.
          """))
    guard let bare = PipePingPong.roundTrip(count: count) else { return }
    context.add(
      Figure(
        name: "pipe-ping-pong", value: bare, unit: "s",
        text:
          "a round trip of one byte through `cat`, with both sides blocking, takes \(Units.seconds(bare))."))
  }

  private func stream(
    chunkSize: Int, count: Int, runs: Int, on pool: Pool, _ context: BenchContext
  ) async throws {
    let key = context.key("imap", "chunk-\(chunkSize)")
    let before = ProcessorTime.own
    try await context.recorder.measure(key, items: count, runs: runs, on: pool) {
      var expected = 0
      for try await number in pool.imap(Increment(), over: 0..<count, chunkSize: chunkSize) {
        expected += 1
        guard number == expected else { return -1 }
      }
      return expected
    } verify: {
      $0 == count
    }
    // The warm-up run counts also.
    let own = (ProcessorTime.own - before) / Double((runs + 1) * count)
    context.add(
      Figure(
        name: "imap-\(chunkSize)-coordinator", value: own, unit: "s",
        text:
          "imap, chunk \(chunkSize): an item takes \(Units.seconds(own)) of the coordinator's processor time."
      ))
  }
}

import FaultyTasks
import ProcPool
import Testing

extension Processes.Verbs {
  /// An item whose task throws is started again after a pause, if its call has a back-off.
  @Suite struct Backoffs {
    private let soon = Backoff.exponential(from: .milliseconds(1), to: .milliseconds(4), maximumAttempts: 3)
    /// So long that no test sees the end of the pause.
    private let late = Backoff.constant(.seconds(100_000), maximumAttempts: 2)

    @Test(arguments: Kind.allCases) func everyVerbStartsItemsAgain(_ kind: Kind) async throws {
      try await withPool(workers: 2, worker: kind.worker) { (pool) async throws in
        let inputs = Array(0..<40)
        let expected = inputs.map { [4, 30].contains($0) ? 3 : 1 }
        let task = ThrowBeforeAttempt(3, items: [4, 30])
        #expect(try await pool.apply(task, to: 4, backoff: soon) == 3)
        #expect(try await pool.applyAsync(task, to: 4, backoff: soon).value == 3)
        #expect(try await pool.submit(task, to: 4, backoff: soon).value == 3)
        #expect(try await pool.broadcast(task, to: 4, backoff: soon) == [3, 3])
        for chunkSize in [1, 7, nil] {
          #expect(try await pool.map(task, over: inputs, chunkSize: chunkSize, backoff: soon) == expected)
        }
        #expect(try await pool.mapAsync(task, over: inputs, backoff: soon).value == expected)
        let options = CallOptions(backoff: soon)
        for (index, result) in await pool.mapResults(task, over: inputs, options: options).enumerated() {
          #expect(try result.get() == expected[index])
        }
        try await pool.forEach(task, over: inputs, options: options)
        try await pool.forEachAsync(task, over: inputs, options: options).value
        var outputs: [Int] = []
        for try await output in pool.imap(task, over: inputs, chunkSize: 3, options: options) {
          outputs.append(output)
        }
        #expect(outputs == expected)
        for try await item in pool.imapItems(task, over: inputs, ordered: false, options: options) {
          #expect(try item.result.get() == expected[item.input])
        }
        #expect(
          try await pool.mapReduce(
            ThrowingSum(throwingAt: 77), over: 0..<1000, startingWith: 0, backoff: soon)
            == 499_500)
        #expect(pool.statistics.workersLost == 0)
      }
    }

    @Test(arguments: Kind.allCases) func anItemThatGoesOnThrowingFailsWithItsError(_ kind: Kind) async throws
    {
      let scratch = Scratch()
      try await withPool(workers: 2, worker: kind.worker) { (pool) async throws in
        let task = ThrowBeforeAttempt(100, items: [5], path: scratch.file("notes"))
        let results = await pool.mapResults(task, over: 0..<20, backoff: soon)
        for index in 0..<20 where index != 5 { #expect(try results[index].get() == 1) }
        let error = try #require(results[5].failure)
        #expect(error.cause(as: Misfit.self) == Misfit(value: 5) && error.item?.index == 5)
        let alone = try await poolError { try await pool.apply(task, to: 5, backoff: soon) }
        #expect(alone.cause(as: Misfit.self) == Misfit(value: 5))
      }
      let runs = scratch.lines("notes").compactMap { Int($0) }
      #expect(runs.count { $0 == 5 } == 6)
      for item in 0..<20 where item != 5 { #expect(runs.count { $0 == item } == 1, "item \(item)") }
    }

    @Test(arguments: Kind.allCases) func anItemThatPausesOccupiesNoWorker(_ kind: Kind) async throws {
      try await withPool(workers: 1, worker: kind.worker) { (pool) async throws in
        let task = ThrowBeforeAttempt(2, items: [0, 1, 2])
        var others = 0
        for try await attempt in pool.imapUnordered(task, over: 0..<200, chunkSize: 4, backoff: late) {
          #expect(attempt == 1)
          others += 1
          if others == 197 { break }
        }
        #expect(others == 197)
        // Nor does it hold up other calls.
        let pausing = pool.applyAsync(task, to: 0, backoff: late)
        #expect(try await pool.map(Echo(), over: 0..<10) == Array(0..<10))
        #expect(!pausing.isReady)
        pausing.cancel()
      }
    }

    @Test(arguments: Kind.allCases) func aCallThatPausesCanBeCancelledAndHasItsDeadline(_ kind: Kind)
      async throws
    {
      try await withPool(workers: 1, worker: kind.worker) { (pool) async throws in
        let task = ThrowBeforeAttempt(2, items: [0])
        let limit = Duration.milliseconds(200)
        let error = try await poolError {
          try await pool.map(task, over: 0..<3, deadline: limit, backoff: late)
        }
        guard case .deadlineExceeded(limit) = error else { throw error }
        let scratch = Scratch()
        let noting = ThrowBeforeAttempt(2, items: [0], path: scratch.file("notes"))
        let running = Task { try await pool.map(noting, over: 0..<3, backoff: late) }
        #expect(await eventually { scratch.lines("notes").count == 3 })
        running.cancel()
        await #expect(throws: CancellationError.self) { try await running.value }
      }
    }

    @Test func thePoolsEndIsTheEndOfThePause() async throws {
      let task = ThrowBeforeAttempt(2, items: [0])
      let closing = try Pool(workers: 1, worker: .faulty)
      let handle = closing.applyAsync(
        task, to: 0, backoff: .constant(.milliseconds(100), maximumAttempts: 2))
      closing.close()
      await closing.join()
      #expect(try await handle.value == 2)

      let scratch = Scratch()
      let ending = try Pool(workers: 1, worker: .faulty)
      let noting = ThrowBeforeAttempt(2, items: [0], path: scratch.file("notes"))
      let lost = ending.applyAsync(noting, to: 0, backoff: late)
      #expect(await eventually { scratch.lines("notes").count == 1 })
      ending.terminate()
      await ending.join()
      guard case .terminated = try await poolError({ try await lost.value }) else {
        throw try await poolError { try await lost.value }
      }
    }

    @Test func aNewAttemptIsAnEvent() async throws {
      let pool = try Pool(workers: 1, worker: .faulty)
      let events = Task { [events = pool.events] in await events.reduce(into: []) { $0.append($1.kind) } }
      _ = try await pool.apply(ThrowBeforeAttempt(3, items: [0]), to: 0, backoff: soon)
      pool.close()
      await pool.join()
      let attempts = await events.value.compactMap { kind -> Int? in
        if case .itemRetried(_, let attempt) = kind { attempt } else { nil }
      }
      #expect(attempts == [2, 3])
    }
  }
}

import FaultyTasks
import ProcPool
import Testing

extension Processes.Verbs {
  /// Handles among Swift's own tasks and groups.
  @Suite struct HandlesInSwiftTasks {
    @Test(arguments: Kind.allCases) func aGroupLimitsHowLongAResultIsWaitedFor(_ kind: Kind) async throws {
      try await withPool(workers: 1, worker: kind.worker) { (pool) async throws in
        let handle = pool.applyAsync(Sleep(), to: 1_500)
        async let other = handle.value
        let start = ContinuousClock.now
        let first = try await withThrowingTaskGroup(of: Int?.self) { group in
          group.addTask { try await handle.value }
          group.addTask {
            try await Task.sleep(for: .milliseconds(100))
            return nil
          }
          defer { group.cancelAll() }
          return try await group.next()!
        }
        #expect(first == nil)
        #expect(!handle.isReady && ContinuousClock.now - start < .milliseconds(1_300))
        // The item continues for the callers that still wait for it.
        #expect(try await other == 1_500)
      }
    }

    @Test func aTaskThatWasCancelledBeforeWaitsForNothing() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        let handle = pool.applyAsync(Sleep(), to: 60_000)
        let waiting = Task {
          while !Task.isCancelled { await Task.yield() }
          return await handle.result
        }
        waiting.cancel()
        let result = await waiting.value
        #expect(throws: CancellationError.self) { try result.get() }
        handle.cancel()
      }
    }

    @Test func whatIsThereIsGivenToACancelledTaskToo() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        let handle = pool.applyAsync(Echo(), to: 5)
        #expect(await handle.wait(until: .now + .seconds(30)))
        let waiting = Task {
          while !Task.isCancelled { await Task.yield() }
          return try await handle.value
        }
        waiting.cancel()
        #expect(try await waiting.value == 5)
      }
    }

    @Test func aWaitUntilAPointInTimeEndsThere() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        let handle = pool.applyAsync(Sleep(), to: 60_000)
        #expect(await !handle.wait(until: .now - .seconds(1)))
        let end = ContinuousClock.now + .milliseconds(100)
        #expect(await !handle.wait(until: end))
        #expect(ContinuousClock.now >= end)
        handle.cancel()
      }
    }

    /// Those that are there when it begins come in the order of the handles.
    @Test func outcomesComeAsTheyArrive() async throws {
      try await withPool(workers: 3, worker: .faulty) { (pool) async throws in
        _ = try await pool.broadcast(Echo(), to: 0)
        let handles = [900, 10, 400].map { pool.applyAsync(Sleep(), to: $0) }
        for order in [[1, 2, 0], [0, 1, 2]] {
          var found: [Int] = []
          for await (index, result) in asCompleted(handles) {
            found.append(index)
            #expect(try result.get() == [900, 10, 400][index])
          }
          #expect(found == order)
        }
        for await _ in asCompleted([TaskHandle<Int>]()) { Issue.record("there is no handle") }
      }
    }

    @Test func anItemThatFailsIsAnOutcome() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        let handles = (0..<20).map { pool.applyAsync(ThrowAt([7]), to: $0) }
        var failed: [Int] = []
        for await (index, result) in asCompleted(handles + [handles[7]]) {
          if case .failure = result { failed.append(index) }
        }
        #expect(failed.sorted() == [7, 20])
      }
    }

    @Test func cancellationEndsTheSequenceAndNotTheWork() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        let handle = pool.applyAsync(Sleep(), to: 1_000)
        let waiting = Task {
          var count = 0
          for await _ in asCompleted([handle]) { count += 1 }
          return count
        }
        try await Task.sleep(for: .milliseconds(50))
        waiting.cancel()
        let count = await waiting.value
        #expect(count == 0 || handle.isReady)
        #expect(try await handle.value == 1_000)
      }
    }
  }
}

import FaultyTasks
import Glibc
import ProcPool
import Testing

extension Processes.Deaths {
  /// An item whose worker is lost is begun once more, as often as the call allows.
  @Suite struct Retries {
    @Test(arguments: [1, 7, 100]) func anItemMayEndInALaterAttempt(_ chunkSize: Int) async throws {
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        let task = DieBeforeAttempt(3, items: [4, 50])
        let attempts = try await pool.map(
          task, over: 0..<100, chunkSize: chunkSize, retry: .atLeastOnce(maximumAttempts: 3))
        #expect(attempts == (0..<100).map { [4, 50].contains($0) ? 3 : 1 })
        #expect(pool.statistics.workersLost == 4)
        // In order, too.
        var inOrder: [Int] = []
        for try await attempt in pool.imap(
          task, over: 0..<60, chunkSize: chunkSize, retry: .atLeastOnce(maximumAttempts: 5))
        {
          inOrder.append(attempt)
        }
        #expect(inOrder == (0..<60).map { [4, 50].contains($0) ? 3 : 1 })
      }
    }

    @Test func anItemThatKeepsKillingIsSetAsideAndTheOthersEnd() async throws {
      let scratch = Scratch()
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        let task = NoteAndDie(path: scratch.file("notes"), item: 5)
        let results = await pool.mapResults(task, over: 0..<20, retry: .atLeastOnce(maximumAttempts: 4))
        for index in 0..<20 where index != 5 { #expect(try results[index].get() == index) }
        let autopsy = try #require(results[5].failure?.autopsy, "\(results[5])")
        #expect(autopsy.attempt == 4 && autopsy.item.index == 5)
        #expect(autopsy.description.contains("was lost, in attempt 4, after"), "\(autopsy)")
      }
      let runs = scratch.lines("notes").compactMap { Int($0) }
      #expect(runs.count { $0 == 5 } == 4)
      for item in 0..<20 where item != 5 { #expect(runs.count { $0 == item } == 1, "item \(item)") }
    }

    @Test func withoutAPolicyAnItemIsBegunOnce() async throws {
      let scratch = Scratch()
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        let results = await pool.mapResults(
          NoteAndDie(path: scratch.file("notes"), item: 5), over: 0..<20, chunkSize: 3)
        #expect(results[5].failure?.autopsy?.attempt == 1)
      }
      #expect(scratch.lines("notes").compactMap { Int($0) }.sorted() == Array(0..<20))
    }

    @Test func everyVerbRetries() async throws {
      let retry = RetryPolicy.atLeastOnce(maximumAttempts: 2)
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        let task = DieBeforeAttempt(2, items: [1])
        #expect(try await pool.apply(task, to: 1, retry: retry) == 2)
        #expect(try await pool.applyAsync(task, to: 1, retry: retry).value == 2)
        #expect(try await pool.broadcast(task, to: 1, retry: retry) == [2, 2])
        #expect(
          try await pool.mapReduce(AttemptSum(dyingAt: 77), over: 0..<1000, startingWith: 0, retry: retry)
            == 499_500)
        let error = try await poolError {
          try await pool.apply(DieBeforeAttempt(3, items: [1]), to: 1, retry: retry)
        }
        #expect(error.autopsy?.attempt == 2, "\(error)")
      }
    }

    @Test func anItemThatTakesTooLongIsBegunOnceMore() async throws {
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        let attempts = try await pool.map(
          SleepInFirstAttempt(), over: [1, 60_000, 1], chunkSize: 1, timeout: .milliseconds(300),
          retry: .atLeastOnce(maximumAttempts: 2))
        #expect(attempts == [1, 2, 1])
      }
    }

    @Test func anItemThatThrowsHasEnded() async throws {
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        let results = await pool.mapResults(
          ThrowAt([3]), over: 0..<6, retry: .atLeastOnce(maximumAttempts: 9))
        guard case .taskFailed? = results[3].failure else { throw results[3].failure! }
        #expect(pool.statistics.workersLost == 0)
      }
    }

    @Test func workersKilledAtAnyMomentLoseNothing() async throws {
      let seed = Seed()
      var numbers = seed.numbers
      try await withPool(workers: 3, worker: .faulty) { pool in
        // Programs that die before any of them has greeted are not started again and again.
        _ = try await pool.broadcast(ProcessNumber(), to: 0)
        for round in 0..<4 {
          let running = Task {
            try await pool.map(
              Delay(milliseconds: 1), over: 0..<600, chunkSize: [1, 4, 30, nil][round],
              retry: .atLeastOnce(maximumAttempts: 100))
          }
          for _ in 0..<10 {
            try await Task.sleep(for: .microseconds(Int.random(in: 0..<15_000, using: &numbers)))
            if let pid = Inspection.workers().keys.randomElement(using: &numbers) { kill(pid, SIGKILL) }
          }
          #expect(try await running.value == Array(0..<600), "\(seed), round \(round)")
        }
      }
    }
  }
}

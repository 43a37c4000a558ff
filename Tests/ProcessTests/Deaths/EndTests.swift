import FaultyTasks
import Foundation
import ProcPool
import Testing

extension Processes.Deaths {
  /// However a pool ends, its workers do, and its calls.
  @Suite struct Ends {
    @Test(arguments: Kind.allCases) func aClosedPoolEndsWhatWasCalledAndTakesNoMore(_ kind: Kind) async throws
    {
      let pool = try Pool(workers: 2, worker: kind.worker)
      let handle = pool.mapAsync(Delay(milliseconds: 5), over: 0..<40)
      let single = pool.applyAsync(Delay(milliseconds: 50), to: 3)
      // A call begins when its Swift task has come to it.
      #expect(await eventually { pool.statistics.itemsFinished > 0 })
      pool.close()
      for error in [
        try await poolError { try await pool.map(Echo(), over: 0..<3) },
        try await poolError { try await pool.apply(Echo(), to: 3) },
        try await poolError { try await pool.applyAsync(Echo(), to: 3).value },
        try await poolError { for try await _ in pool.imap(Echo(), over: 0..<3) {} },
        try await poolError { try await pool.mapResults(Echo(), over: 0..<3)[0].get() },
      ] {
        guard case .closed = error else { throw error }
      }
      let outputs = try await handle.value
      #expect(outputs == Array(0..<40))
      let output = try await single.value
      #expect(output == 3)
      await pool.join()
      await pool.join()
    }

    @Test(arguments: Kind.allCases) func aTerminatedPoolEndsEveryCallAtOnce(_ kind: Kind) async throws {
      let pool = try Pool(workers: 2, worker: kind.worker)
      let handles = (0..<50).map { _ in pool.applyAsync(Sleep(), to: 1_000) }
      let map = pool.mapAsync(Sleep(), over: [1_000, 1_000, 1_000])
      let results = Task { await pool.mapResults(Sleep(), over: [1_000, 1_000]) }
      try await Task.sleep(for: .milliseconds(100))
      let clock = ContinuousClock.now
      pool.terminate()
      await pool.join()
      if kind == .processes { #expect(ContinuousClock.now - clock < .milliseconds(800)) }
      for handle in handles {
        guard case .failure(PoolError.terminated) = await handle.result else {
          Issue.record("\(await handle.result)")
          continue
        }
      }
      let error = try await poolError { try await map.value }
      guard case .terminated = error else { throw error }
      for result in await results.value {
        guard case .failure(.terminated) = result else {
          Issue.record("\(result)")
          continue
        }
      }
      let late = try await poolError { try await pool.map(Echo(), over: 0..<3) }
      guard case .terminated = late else { throw late }
      if kind == .threads { pause(milliseconds: 1_000) }
    }

    @Test func aPoolThatIsDroppedLeavesNothing() async throws {
      var pids: [Int32] = []
      let handle: TaskHandle<Int>
      do {
        let pool = try Pool(workers: 2, worker: .faulty)
        pids = try await pool.broadcast(ProcessNumber(), to: 0)
        handle = pool.applyAsync(Sleep(), to: 60_000)
      }
      #expect(await eventually { !pids.contains(where: Inspection.isRunning) })
      let error = try await poolError { try await handle.value }
      guard case .terminated = error else { throw error }
    }

    @Test func aPoolThatEndsWhileItsWorkersStartLeavesNothing() async throws {
      for milliseconds in 0..<12 {
        let pool = try Pool(workers: 2, worker: .faulty)
        try await Task.sleep(for: .milliseconds(milliseconds))
        if milliseconds % 2 == 0 { pool.terminate() } else { pool.close() }
        await pool.join()
      }
    }

    @Test func aBodyThatThrowsEndsThePoolAtOnce() async throws {
      let clock = ContinuousClock.now
      await #expect(throws: Misfit(value: 3)) {
        try await withPool(workers: 2, worker: .faulty) { pool in
          _ = pool.applyAsync(Sleep(), to: 60_000)
          try await Task.sleep(for: .milliseconds(50))
          throw Misfit(value: 3)
        }
      }
      #expect(ContinuousClock.now - clock < .seconds(10))
    }

    @Test func manyPoolsMayLiveAtOnce() async throws {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for value in 0..<8 {
          group.addTask {
            try await withPool(workers: 2, worker: .faulty) { pool in
              let outputs = try await pool.map(Echo(), over: value..<value + 50)
              #expect(outputs == Array(value..<value + 50))
            }
          }
        }
        try await group.waitForAll()
      }
    }

    @Test func theDeathOfAWorkerWhileThePoolClosesHoldsUpNothing() async throws {
      for _ in 0..<5 {
        let pool = try Pool(workers: 2, worker: .faulty)
        let pids = try await pool.broadcast(ProcessNumber(), to: 0)
        let handle = pool.mapAsync(Delay(milliseconds: 5), over: 0..<20, chunkSize: 1)
        #expect(await eventually { pool.statistics.itemsFinished > 3 })
        pool.close()
        kill(pids[0], SIGKILL)
        _ = await handle.result
        await pool.join()
      }
    }

    @Test func aHandleThatOutlivesItsPoolKeepsNothingOfIt() async throws {
      let handle = try await withPool(workers: 1, worker: .faulty) { pool in
        let handle = pool.applyAsync(Echo(), to: 4)
        _ = try await handle.value
        return handle
      }
      let output = try await handle.value
      #expect(output == 4)
    }
  }
}

import FaultyTasks
import Glibc
import ProcPool
import Testing

extension Processes.Deaths {
  /// A time limit ends the item that exceeds it, and costs no other.
  @Suite struct Timeouts {
    private func expectTimedOut<Value>(_ result: Result<Value, PoolError>, item: Int, _ limit: Duration) {
      guard case .failure(.timedOut(let autopsy, let found)) = result else {
        Issue.record("\(result)")
        return
      }
      #expect(autopsy.item.index == item && found == limit && (0..<2).contains(autopsy.loss.worker.index))
      #expect(autopsy.elapsed >= limit && autopsy.attempt == 1 && autopsy.loss.cause == .timeLimit)
    }

    @Test func theTimeInWhichTheCoordinatorIsStoppedIsNotCounted() async throws {
      let coordinator = try Coordinator("timed")
      // As Ctrl-Z and `fg` do it, and the workers with it.
      let all = [coordinator.pid] + coordinator.workers
      for pid in all { kill(pid, SIGSTOP) }
      try await Task.sleep(for: .seconds(2))
      kill(coordinator.pid, SIGCONT)
      try await Task.sleep(for: .milliseconds(400))
      for pid in all { kill(pid, SIGCONT) }
      let (status, errors, _) = await coordinator.end(by: 0)
      #expect(status == 0)
      #expect(errors == String(repeating: "success(1000)\n", count: 4))
    }

    @Test func theTimeInWhichTheCoordinatorIsStoppedCountsForADeadline() async throws {
      let coordinator = try Coordinator("dated")
      kill(coordinator.pid, SIGSTOP)
      try await Task.sleep(for: .seconds(6))
      kill(coordinator.pid, SIGCONT)
      let (status, errors, delay) = await coordinator.end(by: 0)
      #expect(status == 0)
      // Five seconds more if it did not count.
      #expect(delay < .seconds(4))
      #expect(errors.split(separator: "\n").count { $0.contains("deadline") } == 4, "\(errors)")
    }

    @Test(arguments: Kind.allCases) func anItemThatTakesTooLongIsTimedOutAndTheOthersEnd(_ kind: Kind)
      async throws
    {
      try await withPool(workers: 2, worker: kind.worker) { (pool) async throws in
        let limit = Duration.milliseconds(300)
        var inputs = [Int](repeating: 1, count: 40)
        inputs[7] = 3_000
        let clock = ContinuousClock.now
        let results = await pool.mapResults(Sleep(), over: inputs, chunkSize: 4, timeout: limit)
        #expect(ContinuousClock.now - clock < .seconds(3))
        for index in inputs.indices where index != 7 { #expect(try results[index].get() == 1) }
        expectTimedOut(results[7], item: 7, limit)
        if kind == .threads { pause(milliseconds: 3_000) }
      }
    }

    @Test func onlyTheWorkerConcernedIsReplaced() async throws {
      try await withPool(workers: 2, worker: .faulty) { pool in
        let before = try await pool.broadcast(ProcessNumber(), to: 0)
        let error = try await poolError {
          try await pool.apply(Spin(), to: 60_000, timeout: .milliseconds(200))
        }
        guard case .timedOut(let autopsy, _) = error else { throw error }
        let worker = autopsy.loss.worker
        let after = try await pool.broadcast(ProcessNumber(), to: 0)
        for index in 0..<2 { #expect((before[index] == after[index]) == (index != worker.index)) }
        #expect(!Inspection.isRunning(before[worker.index]))
      }
    }

    @Test func anAbandonedThreadRunsNothingThatOthersRunToo() async throws {
      let scratch = Scratch()
      try await withPool(workers: 1, worker: .threads) { (pool) async throws in
        // Quick items first, so that many are handed out at a time.
        let task = NoteAndPause(path: scratch.file("notes"), item: 3_000, milliseconds: 500)
        let results = await pool.mapResults(
          task, over: 0..<6_000, chunkSize: 1_000, timeout: .milliseconds(150))
        expectTimedOut(results[3_000], item: 3_000, .milliseconds(150))
        for index in 0..<6_000 where index != 3_000 { #expect(try results[index].get() == index) }
        pause(milliseconds: 700)
      }
      #expect(scratch.lines("notes").compactMap { Int($0) }.sorted() == Array(0..<6_000))
    }

    @Test func aTaskThatSuspendsIsTimedOutToo() async throws {
      try await withPool(workers: 1, worker: .faulty) { pool in
        let error = try await poolError {
          try await pool.apply(Suspend(), to: 60_000, timeout: .milliseconds(200))
        }
        guard case .timedOut = error else { throw error }
        let output = try await pool.apply(Suspend(), to: 1, timeout: .seconds(20))
        #expect(output == 1)
      }
    }

    @Test func aLimitThatNobodyExceedsChangesNothing() async throws {
      try await withPool(workers: 2, worker: .faulty) { pool in
        let before = try await pool.broadcast(ProcessNumber(), to: 0)
        // All of it takes longer than the limit; no item does.
        let outputs = try await pool.map(
          Delay(milliseconds: 10), over: 0..<100, chunkSize: 50, timeout: .milliseconds(400))
        #expect(outputs == Array(0..<100))
        let after = try await pool.broadcast(ProcessNumber(), to: 0)
        #expect(before == after)
      }
    }

    @Test func allWorkersMayHangAtOnce() async throws {
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        let limit = Duration.milliseconds(200)
        let results = await pool.mapResults(
          Sleep(), over: [60_000, 60_000, 60_000, 60_000, 1], chunkSize: 1, timeout: limit)
        for index in 0..<4 { expectTimedOut(results[index], item: index, limit) }
        #expect(try results[4].get() == 1)
      }
    }
  }
}

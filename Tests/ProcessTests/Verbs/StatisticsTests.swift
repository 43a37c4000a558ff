import Dispatch
import FaultyTasks
import Glibc
import ProcPool
import Synchronization
import Testing

extension Processes.Verbs {
  /// `statistics`: where the time went, and what was copied.
  @Suite struct Statistics {
    @Test(arguments: [true, false]) func aPipeCopiesFourTimesAndSharedMemoryTwice(_ shares: Bool) async throws
    {
      try await withPool(
        workers: 1, worker: .faulty,
        configuration: PoolConfiguration(payloads: PayloadPolicy(sharing: shares ? .automatic : .never))
      ) { (pool) async throws in
        let values = (0..<8).map { _ in [UInt8](repeating: 7, count: 1 << 20) }
        // How long outputs are is not known before the first.
        _ = try await pool.apply(EchoBytes(), to: values[0])
        let before = pool.statistics
        for value in values { #expect(try await pool.apply(EchoBytes(), to: value) == value) }
        let spent = pool.statistics - before
        let bytes = UInt64(8 << 20)
        // Into a frame, into the pipe, out of it, out of the frame; in shared memory into it and out of it. And
        // back.
        let least = (shares ? 4 : 8) * bytes
        #expect(spent.bytesCopied >= least && spent.bytesCopied < least + bytes, "\(spent.bytesCopied)")
        #expect(shares == (spent.bytesSent < 1 << 16))
        #expect(shares == (spent.bytesReceived < 1 << 16))
        #expect(spent.chunksSent >= 1 && spent.itemsFinished == 8)
        for split in [spent.coordinator, spent.workers] {
          for part in [\.reading, \.decoding, \.encoding, \TimeSplit.writing] {
            #expect(split[keyPath: part] > .zero)
          }
        }
        #expect(spent.coordinator.running == .zero)
      }
    }

    @Test(arguments: Kind.allCases) func timeIsWaitedOrWorked(_ kind: Kind) async throws {
      try await withPool(workers: 2, worker: kind.worker) { (pool) async throws in
        _ = try await pool.broadcast(Echo(), to: 1)
        let start = ContinuousClock.now
        let before = pool.statistics
        _ = try await pool.apply(Sleep(), to: 100)
        let spent = pool.statistics - before
        let elapsed = ContinuousClock.now - start
        #expect(spent.workers.running >= .milliseconds(95))
        // One worked, the other waited: an idle worker's time counts while it goes on waiting.
        #expect(spent.workers.waiting >= .milliseconds(95))
        #expect(spent.workers.busy + spent.workers.waiting <= elapsed * 2 + .milliseconds(1))
        #expect(spent.coordinator.waiting <= elapsed)
      }
    }

    @Test func aCallOfAFewItemsTakesAWorkerTwoReadsAndAWrite() async throws {
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        let calls = 500
        let before = try await pool.broadcast(CountTransfers(), to: 0)
        let start = ContinuousClock.now
        for _ in 0..<calls { try await pool.forEach(Echo(), over: 0..<2, chunkSize: 1) }
        let elapsed = ContinuousClock.now - start
        let after = try await pool.broadcast(CountTransfers(), to: 0)
        // One worker may run both items of a call, one after the other. The end of a call has a frame of its own
        // only where nothing follows within two milliseconds.
        let alone = Int(elapsed / .milliseconds(2)) + 5
        let reads = zip(after, before).map { $0[0] - $1[0] }
        let writes = zip(after, before).map { $0[1] - $1[1] }
        #expect(reads.reduce(0, +) <= 2 * (2 * calls + 2 * alone), "\(reads), \(elapsed)")
        #expect(writes.reduce(0, +) <= 2 * calls + 5, "\(writes)")
      }
    }

    @Test func theLastItemsOfACallResumeItsCallerOnce() async throws {
      let caller = CountedCaller()
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        _ = try await pool.broadcast(Echo(), to: 0)
        func resumptions(_ inputs: [Int]) async throws -> Int {
          try await caller.resumptions { @Sendable caller in
            for _ in 0..<20 {
              let outputs = try await pool.map(Sleep(), over: inputs, chunkSize: 1, isolation: caller)
              #expect(outputs == inputs)
            }
          }
        }
        let one = try await resumptions([10])
        let two = try await resumptions([1, 10])
        #expect(one >= 20 && two <= one + one / 10, "\(one), \(two)")
        // Long outputs are worth waking up for before the last has come.
        let few = try await caller.resumptions { @Sendable caller in
          let lengths = Array(repeating: 1 << 17, count: 20)
          _ = try await pool.map(Inflate(), over: lengths, chunkSize: 1, isolation: caller)
        }
        #expect(few >= 4 * one / 20, "\(few)")
      }
    }

    @Test func whatALostWorkerSpentIsKept() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        _ = try await pool.apply(Sleep(), to: 60)
        _ = await Result { try await pool.apply(DieAt([1]), to: 1) }
        _ = try await pool.apply(Echo(), to: 1)
        #expect(pool.statistics.workersLost == 1)
        #expect(pool.statistics.workers.running >= .milliseconds(55))
      }
    }
  }

  /// `workerStatistics`, `callStatistics` and `explanation`: who did what, and what limits it.
  @Suite struct StatisticsOfWorkersAndCalls {
    @Test(arguments: Kind.allCases) func workersAddUpToThePool(_ kind: Kind) async throws {
      try await withPool(workers: 3, worker: kind.worker) { (pool) async throws in
        _ = try await pool.map(Echo(), over: 0..<10_000)
        _ = try await pool.broadcast(Echo(), to: 1)
        let workers = pool.workerStatistics
        let all = pool.statistics
        #expect(workers.map(\.worker) == (0..<3).map { WorkerID(index: $0) })
        #expect(workers.reduce(0) { $0 + $1.itemsFinished } == 10_003)
        #expect(all.itemsFinished == 10_003)
        #expect(workers.reduce(0) { $0 + $1.bytesReceived } == all.bytesReceived)
        #expect(workers.reduce(0) { $0 + $1.bytesSent } <= all.bytesSent)
        #expect(workers.allSatisfy { $0.itemsHeld == 0 && $0.chunksHeld == 0 && $0.running == nil })
        #expect(workers.allSatisfy { $0.restarts == 0 && $0.losses == 0 && $0.pid != nil })
        #expect(workers.allSatisfy { $0.time.busy > .zero })
        #expect(workers.allSatisfy { ($0.memory ?? 0 > 100_000) == (kind == .processes) })
      }
    }

    @Test func whatAWorkerRunsIsTold() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        let pid = try await pool.broadcast(ProcessNumber(), to: 0)[0]
        let call = pool.mapAsync(Sleep(), over: [1, 10_000, 1, 1], chunkSize: 2)
        var worker = pool.workerStatistics[0]
        while worker.running?.index != 1 {
          try await Task.sleep(for: .milliseconds(1))
          worker = pool.workerStatistics[0]
        }
        #expect(worker.pid == pid)
        // The item that runs, and what has been sent with it and behind it.
        #expect(worker.itemsHeld >= 1 && worker.itemsHeld <= 4)
        #expect(worker.chunksHeld >= 1)
        let described = try #require(pool.callStatistics.last)
        #expect(described.call == worker.running?.call)
        #expect(described.task == "Sleep")
        #expect(!described.isOver && described.chunkSize == 2)
        #expect(described.itemsWaiting + described.itemsInWorkers + Int(described.itemsFinished) == 4)
        #expect(pool.explanation.summary.contains("(Sleep)") && pool.explanation.summary.contains("so far"))
        call.cancel()
        _ = await call.result
      }
    }

    @Test func aLostWorkerIsCountedWithItsSeat() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        _ = try await pool.map(Echo(), over: 0..<10)
        let results = await pool.mapResults(DieAt([3]), over: 0..<10)
        #expect(results.count { (try? $0.get()) == nil } == 1)
        _ = try await pool.apply(Echo(), to: 1)
        let worker = pool.workerStatistics[0]
        #expect(worker.restarts == 1 && worker.losses == 1)
        #expect(worker.itemsFinished == 20)
        let calls = pool.callStatistics
        #expect(calls.map(\.isOver) == [true, true])
        #expect(calls.map(\.itemsFinished) == [10, 10])
        #expect(calls.map(\.itemsFailed) == [0, 1])
        #expect(pool.explanation(of: calls[1]).limits.contains { $0.kind == .losses })
      }
    }

    @Test func callsThatAreOverAreRememberedForAWhile() async throws {
      try await withPool(workers: 2, worker: .threads) { (pool) async throws in
        #expect(pool.callStatistics.isEmpty)
        #expect(pool.explanation.limits.isEmpty)
        for count in 1...20 { _ = try await pool.map(Echo(), over: 0..<count) }
        // Calls of one item are counted, and not remembered.
        for _ in 0..<30 { _ = try await pool.apply(Echo(), to: 1) }
        let calls = pool.callStatistics
        #expect(calls.map(\.itemsFinished) == (5...20).map { UInt64($0) })
        #expect(calls.allSatisfy { $0.isOver && $0.itemsWaiting == 0 && $0.itemsInWorkers == 0 })
        #expect(
          calls.allSatisfy { $0.bytesSent > 0 && $0.chunks > 0 && $0.pool.itemsFinished == $0.itemsFinished })
        #expect(pool.explanation.summary.hasPrefix("Calls of one item: 30 items"))
        _ = try await pool.map(Echo(), over: 0..<7)
        #expect(pool.explanation.summary.contains("(Echo): 7 items"))
        _ = try await pool.apply(Echo(), to: 1)
        #expect(pool.explanation.summary.hasPrefix("Calls of one item: 1 item "))
      }
    }

    @Test func aCallWhoseTimeWasOverIsRemembered() async throws {
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        let inputs = Array(repeating: 20, count: 1_000)
        _ = await Result { try await pool.map(Sleep(), over: inputs, deadline: .milliseconds(200)) }
        let call = try #require(pool.callStatistics.last)
        #expect(call.isOver && call.task == "Sleep")
        #expect(call.itemsFinished > 0 && call.itemsFinished < 1_000)
        #expect(call.elapsed >= .milliseconds(190))
      }
    }

    @Test func whatIsBegunAgainIsCountedOnceAndAReductionIsCalledByItsTask() async throws {
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        // As many in a chunk as there can be, which is no reason to trap when it is explained.
        let outputs = try await pool.map(
          DieBeforeAttempt(3, items: [4]), over: 0..<10, chunkSize: .max,
          retry: .atLeastOnce(maximumAttempts: 3))
        #expect(outputs.count == 10)
        #expect(pool.callStatistics.last?.itemsFinished == 10)
        #expect(pool.callStatistics.last?.itemsFailed == 0)
        #expect(pool.explanation.summary.contains(": 10 items in "))
        _ = try await pool.mapReduce(Reciprocals<Int>(), over: 1...1_000, startingWith: 0)
        #expect(pool.callStatistics.last?.task == "Reciprocals<Int>")
      }
    }

    @Test func noWorkersFiguresGoBackWhileProcessesAreReplaced() async throws {
      try await withPool(
        workers: 2, worker: .faulty, configuration: PoolConfiguration(recycling: RecyclingPolicy(items: 5))
      ) { (pool) async throws in
        let call = pool.mapAsync(Delay(milliseconds: 1), over: 0..<400)
        var before = pool.workerStatistics
        while !call.isReady {
          let now = pool.workerStatistics
          for (earlier, later) in zip(before, now) {
            #expect(later.itemsFinished >= earlier.itemsFinished && later.restarts >= earlier.restarts)
            #expect(later.bytesReceived >= earlier.bytesReceived)
          }
          before = now
          try await Task.sleep(for: .milliseconds(1))
        }
        _ = try await call.value
        #expect(pool.workerStatistics.reduce(0) { $0 + $1.itemsFinished } == 400)
      }
    }

    @Test func aStreamThatIsLeftIsOver() async throws {
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        for try await output in pool.imap(Echo(), over: 0...) where output == 100 { break }
        #expect(pool.callStatistics.last?.isOver == true)
        #expect(pool.callStatistics.last?.itemsFinished ?? 0 >= 101)
      }
    }

    @Test func aSlowCallerAndASingleItemAreExplained() async throws {
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        _ = try await pool.broadcast(Echo(), to: 0)
        _ = try await pool.map(Sleep(), over: [100])
        #expect(pool.explanation.limits.map(\.kind) == [.tooFewItems])
        let slow = (0..<40).lazy.map { number in
          usleep(5_000)
          return number
        }
        _ = try await pool.map(Echo(), over: slow, chunkSize: 1)
        // Making inputs is counted as encoding them.
        #expect(pool.explanation.limits.first?.kind == .serialCoordinator, "\(pool.explanation)")
        for try await _ in pool.imap(Echo(), over: 0..<40, chunkSize: 1, inFlight: 2) { usleep(5_000) }
        #expect(pool.explanation.limits.first?.kind == .slowCaller, "\(pool.explanation)")
      }
    }
  }
}

/// An actor that counts how often something is resumed on it.
private actor CountedCaller {
  nonisolated let executor = CountingExecutor()
  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  func resumptions(_ body: @Sendable (isolated CountedCaller) async throws -> Void) async rethrows -> Int {
    let before = executor.jobs.load(ordering: .relaxed)
    try await body(self)
    return executor.jobs.load(ordering: .relaxed) - before
  }
}

private final class CountingExecutor: SerialExecutor {
  let jobs = Atomic(0)
  private let queue = DispatchQueue(label: "counted")

  func enqueue(_ job: consuming ExecutorJob) {
    jobs.add(1, ordering: .relaxed)
    let job = UnownedJob(job)
    queue.async { [self] in job.runSynchronously(on: asUnownedSerialExecutor()) }
  }
}

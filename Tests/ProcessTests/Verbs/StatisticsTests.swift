import Dispatch
import FaultyTasks
import ProcPool
import Synchronization
import Testing

extension Processes {
  /// `statistics`: where the time went, and what was copied.
  @Suite struct Statistics {
    @Test(arguments: [true, false]) func aPipeCopiesFourTimesAndSharedMemoryTwice(_ shares: Bool) async throws
    {
      try await withPool(workers: 1, worker: .faulty, sharesLargePayloads: shares) { (pool) async throws in
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
        _ = try await pool.broadcast(Echo(), 1)
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
        let before = try await pool.broadcast(CountTransfers(), 0)
        let start = ContinuousClock.now
        for _ in 0..<calls { try await pool.forEach(Echo(), over: 0..<2, chunkSize: 1) }
        let elapsed = ContinuousClock.now - start
        let after = try await pool.broadcast(CountTransfers(), 0)
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
        _ = try await pool.broadcast(Echo(), 0)
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

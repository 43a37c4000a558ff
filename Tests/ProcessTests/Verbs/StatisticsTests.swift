import FaultyTasks
import ProcPool
import Testing

extension Processes {
  /// `statistics`: where the time went, and what was copied.
  @Suite struct Statistics {
    @Test(arguments: [true, false]) func aPipeCopiesFourTimesAndSharedMemoryTwice(_ shares: Bool) async throws
    {
      try await withPool(workers: 1, worker: .faulty, sharesLargeInputs: shares) { (pool) async throws in
        let values = (0..<8).map { _ in [UInt8](repeating: 7, count: 1 << 20) }
        _ = try await pool.map(EchoBytes(), over: [])
        let before = pool.statistics
        #expect(try await pool.map(EchoBytes(), over: values) == values)
        let spent = pool.statistics - before
        let bytes = UInt64(8 << 20)
        // Into a frame, into the pipe, out of it, out of the frame; in shared memory into it and out of it. And
        // back, always through the pipe.
        let least = (shares ? 2 : 4) * bytes + 4 * bytes
        #expect(spent.bytesCopied >= least && spent.bytesCopied < least + bytes, "\(spent.bytesCopied)")
        #expect(shares == (spent.bytesSent < 1 << 16))
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

import FaultyTasks
import Glibc
import ProcPoolSystem
import Testing

@testable import ProcPool

extension Processes.Verbs {
  /// Between calls that follow each other in a loop workers poll, and nowhere else for longer than a moment.
  @Suite struct CallsThatFollowEachOther {
    /// The processor time that the worker uses from one call of a loop to the next, in milliseconds.
    private func gains(
      _ count: Int, pause: Duration, _ call: (Pool) async throws -> Int
    ) async throws -> [Double] {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        var gains: [Double] = []
        var last = try await call(pool)
        for _ in 0..<count {
          usleep(UInt32(pause / .microseconds(1)))
          let time = try await call(pool)
          gains.append(Double(time - last) / 1e6)
          last = time
        }
        return gains.sorted()
      }
    }

    /// What the pool makes of one more call.
    private func followsClosely(_ pool: Pool) throws -> Bool {
      let call = try TypedCall(
        ProcessorTimeSoFar(), runtime: pool.runtime, CallOptions())
      defer { call.retire() }
      return call.box.followsClosely
    }

    @Test(.enabled(if: ProcessorAllowance.current().quota == nil, "a quota counts the time"))
    func callsThatFollowEachOtherAreKnownByThePausesBetweenThem() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        #expect(try !followsClosely(pool), "there was none before")
        for _ in 0..<20 {
          // At once, unless something else had the processor for more than two milliseconds.
          var attempts = 0
          repeat {
            attempts += 1
            try #require(attempts < 1000)
            _ = try await pool.map(ProcessorTimeSoFar(), over: [0])
          } while try !followsClosely(pool)
          usleep(3000)
          #expect(try !followsClosely(pool))
          _ = try await pool.apply(ProcessorTimeSoFar(), to: 0)
          usleep(3000)
          #expect(try !followsClosely(pool))
        }
      }
      let crowded = ProcessorAllowance.current().workers + 1
      try await withPool(workers: crowded, worker: .faulty) { (pool) async throws in
        for _ in 0..<20 { #expect(try !followsClosely(pool), "the time would be another worker's") }
      }
    }

    @Test func aLoopWithLongPausesLetsItsWorkersSleep() async throws {
      let gains = try await gains(50, pause: .milliseconds(5)) {
        try await $0.map(ProcessorTimeSoFar(), over: [0])[0]
      }
      #expect(gains[25] < 0.5)
    }

    /// They may be a server's, whose requests have nothing to do with each other.
    @Test func singleApplicationsLetTheirWorkersSleep() async throws {
      let gains = try await gains(100, pause: .milliseconds(1)) {
        try await $0.apply(ProcessorTimeSoFar(), to: 0)
      }
      #expect(gains[50] < 0.5)
    }

    @Test func aCallWhoseInputsAreSlowLetsItsWorkersSleep() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        // The first of the two leaves the second a short pause to follow.
        _ = try await pool.map(ProcessorTimeSoFar(), over: [0])
        let slow = (0..<100).lazy.map { (number: Int) -> Int in
          usleep(1000)
          return number
        }
        var times: [Int] = []
        for try await time in pool.imap(ProcessorTimeSoFar(), over: slow, chunkSize: 1) { times.append(time) }
        let gains = zip(times, times.dropFirst()).map { Double($1 - $0) / 1e6 }.sorted()
        #expect(gains[50] < 0.5)
      }
    }
  }
}

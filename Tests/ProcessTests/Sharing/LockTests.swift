import FaultyTasks
import Glibc
import ProcPool
import Testing

extension Processes.Sharing {
  /// What a lock protects is changed by one process at a time, and a holder's death is told.
  @Suite struct Locks {
    @Test(arguments: Kind.allCases) func noUpdateIsLost(_ kind: Kind) async throws {
      let (value, bins, counter) = try (LockedValue(0), LockedArray(repeating: 0, count: 10), SharedCounter())
      try await withPool(workers: 3, worker: kind.worker) { pool in
        try await pool.forEach(
          Increment(value, bins, counter), over: Array(repeating: 1000, count: 30), chunkSize: 1)
      }
      #expect(try value.withLock { $0 } == 30_000)
      #expect(
        try bins.withLock { bins in bins.indices.map { bins[$0] } } == Array(repeating: 3000, count: 10))
      #expect(counter.value == 30_000)
    }

    /// Several processes write the same elements at once. Without a lock halves are seen, so that the check
    /// can see them.
    @Test func whatALockProtectsIsNeverTorn() async throws {
      let locked = try LockedArray(repeating: 0, count: 64)
      let bare = try SharedArray(repeating: 0, count: 64)
      try await withPool(workers: 3, worker: .faulty) { (pool) async throws in
        _ = try await pool.broadcast(Echo(), to: 0)
        var torn = 0
        for _ in 0..<100 where torn == 0 {
          let inputs = (1...6).map { FindTorn.Input(number: $0, rounds: 2000) }
          let counts = try await pool.map(FindTorn(locked: locked, bare: bare), over: inputs, chunkSize: 1)
          #expect(counts.allSatisfy { $0.locked == 0 })
          torn += counts.reduce(0) { $0 + $1.bare }
        }
        #expect(torn > 0, "nobody was ever seen in the middle, so nothing was shown")
      }
    }

    @Test func withoutALockUpdatesAreLost() async throws {
      let number = try SharedArray(repeating: 0, count: 1)
      try await withPool(workers: 3, worker: .faulty) { (pool) async throws in
        _ = try await pool.broadcast(Echo(), to: 0)
        var added = 0
        for _ in 0..<100 where number[0] == added {
          try await pool.forEach(
            AddWithoutLock(number), over: Array(repeating: 20_000, count: 6), chunkSize: 1)
          added += 120_000
        }
        #expect(number[0] < added)
      }
    }

    /// The next holder is another process, which waits for the lock while its holder is killed.
    @Test func oneHolderAfterTheOtherMayDie() async throws {
      let deaths = Sampling.count(200, thoroughly: 1_000)
      let value = try LockedValue(0)
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        // Each item dies inside the lock, or finds it as a dead one left it and repairs it.
        let results = await pool.mapResults(RepairAndDie(value), over: 0..<deaths, chunkSize: 1)
        for result in results { #expect(result.failure?.loss?.end == .signalled(SIGKILL), "\(result)") }
        var repairs = 0
        try value.repair { value, _ in
          repairs = -value
          value = 0
        }
        // The first found nothing to repair.
        #expect(repairs == deaths)
        #expect(try value.withLock { $0 } == 0)
      }
    }

    @Test func theDeathOfAHolderIsToldAndCanBeRepaired() async throws {
      let value = try LockedValue(5)
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        for round in 0..<20 {
          let error = try await poolError { try await pool.apply(DieInsideLock(value), to: 0) }
          let loss = try #require(error.loss, "\(error)")
          #expect(throws: LockError.ownerDied(process: loss.pid)) { try value.withLock { _ in } }
          #expect(throws: LockError.ownerDied(process: loss.pid)) { try value.withLock { _ in } }
          var found: (Int, Int32)?
          let isRepaired = try value.repair { value, process in
            found = (value, process)
            value = round
          }
          #expect(isRepaired && found?.0 == -1 && found?.1 == loss.pid)
          #expect(try value.withLock { $0 } == round)
          #expect(try !value.repair { _, _ in })
        }
      }
    }
  }
}

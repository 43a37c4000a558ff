import FaultyTasks
import Glibc
import ProcPool
import Testing

extension Processes.Surroundings {
  /// Processes are replaced on purpose, and no item notices.
  @Suite struct Recycled {
    /// Which process ran each item, by the item.
    private func processes(
      _ pool: Pool, items: Int, chunkSize: Int?
    ) async throws -> [Int32] {
      try await pool.map(ProcessNumber(), over: repeatElement(0, count: items), chunkSize: chunkSize)
    }

    @Test(arguments: [1, 4, 10, 64, nil], Kind.allCases)
    func aProcessRunsAsManyItemsAsItMayAndNoMore(_ chunkSize: Int?, _ kind: Kind) async throws {
      try await withPool(
        workers: 2, worker: kind.worker,
        configuration: PoolConfiguration(recycling: RecyclingPolicy(items: 10))
      ) { (pool) async throws in
        guard kind == .processes else {
          #expect(try await pool.map(Echo(), over: 0..<200, chunkSize: chunkSize) == Array(0..<200))
          return
        }
        let pids = try await processes(pool, items: 200, chunkSize: chunkSize)
        let counts = Dictionary(grouping: pids, by: \.self).mapValues(\.count)
        #expect(counts.values.allSatisfy { $0 <= 10 }, "\(counts)")
        #expect(counts.count <= 24, "\(counts)")
        #expect(pool.statistics.workersLost == 0)
      }
    }

    @Test func everyVerbGoesOnAcrossReplacements() async throws {
      try await withPool(
        workers: 2, worker: .faulty, configuration: PoolConfiguration(recycling: RecyclingPolicy(items: 3))
      ) { (pool) async throws in
        #expect(try await pool.map(Echo(), over: 0..<100) == Array(0..<100))
        var outputs: [Int] = []
        for try await output in pool.imap(Echo(), over: 0..<100, chunkSize: 7) { outputs.append(output) }
        #expect(outputs == Array(0..<100))
        for value in 0..<10 { #expect(try await pool.apply(Echo(), to: value) == value) }
        #expect(
          try await pool.mapReduce(SleepingSum(milliseconds: 0), over: 0..<100, startingWith: 0, parts: 40)
            == 4950)
        for _ in 0..<5 { #expect(try await pool.broadcast(WorkerNumber(), to: 0) == [0, 1]) }
        let handles = (0..<50).map { pool.applyAsync(Echo(), to: $0) }
        for (index, handle) in handles.enumerated() { #expect(try await handle.value == index) }
      }
    }

    /// Of a pool that lives for long, however many processes it has had.
    @Test func aProcessThatHasEndedTakesNoMemory() throws {
      let ending = try Coordinator.run("replacing")
      #expect(ending.status == 0, "\(ending.errors)")
      let numbers = ending.output.split(separator: "\n").compactMap { Int($0) }
      try #require(numbers.count == 2, "\(ending.output)")
      #expect(numbers[1] == 120)
      // A hundred times the environment is some thirteen megabytes.
      #expect(numbers[0] < 3 << 20)
    }

    @Test func replacementsAreToldWithTheirReason() async throws {
      let pool = try Pool(
        workers: 1, worker: .faulty, configuration: PoolConfiguration(recycling: RecyclingPolicy(items: 5)))
      let events = Task { [events = pool.events] in await events.reduce(into: []) { $0.append($1) } }
      for value in 0..<12 { #expect(try await pool.apply(Echo(), to: value) == value) }
      pool.close()
      await pool.join()
      let told = await events.value
      #expect(told.filter { $0.kind == .workerRecycled(WorkerID(index: 0), .tasks) }.count == 2, "\(told)")
      #expect(
        told.count { if case .workerStarted(WorkerID(index: 0), _) = $0.kind { true } else { false } } == 3,
        "\(told)")
      #expect(!told.contains { if case .workerLost = $0.kind { true } else { false } }, "\(told)")
    }

    @Test func anOldProcessIsReplacedWhileThePoolIsIdleToo() async throws {
      try await withPool(
        workers: 1, worker: .faulty,
        configuration: PoolConfiguration(recycling: RecyclingPolicy(age: .milliseconds(300)))
      ) {
        (pool) async throws in
        let first = try await pool.apply(ProcessNumber(), to: 0)
        #expect(await eventually { !Inspection.isRunning(first) })
        let second = try await pool.apply(ProcessNumber(), to: 0)
        #expect(second != first)
        #expect(pool.statistics.workersLost == 0)
      }
    }

    @Test func aProcessThatHasGrownIsReplaced() async throws {
      try await withPool(
        workers: 1, worker: .faulty,
        configuration: PoolConfiguration(recycling: RecyclingPolicy(memory: .bytes(100 << 20)))
      ) { (pool) async throws in
        let outputs = try await pool.map(
          Leak(bytes: 10 << 20), over: repeatElement(20, count: 40), chunkSize: 1)
        let counts = Dictionary(grouping: outputs, by: \.self).mapValues(\.count)
        // Each process is looked at every tenth of a second, in which five items end.
        #expect(counts.count >= 2, "\(counts)")
        #expect(counts.values.allSatisfy { $0 <= 30 }, "\(counts)")
        #expect(pool.statistics.workersLost == 0)
      }
    }

    @Test func aLostWorkerIsReplacedByOneThatStandsBy() async throws {
      try await withPool(
        workers: 2, worker: .faulty, configuration: PoolConfiguration(recycling: RecyclingPolicy(standby: 1))
      ) { (pool) async throws in
        for round in 0..<10 {
          // Two workers, and one that stands by.
          #expect(await eventually { Inspection.workers().count == 3 }, "round \(round)")
          let pids = try await pool.broadcast(ProcessNumber(), to: 0)
          let all = Set(Inspection.workers().keys)
          kill(pids[round % 2], SIGKILL)
          #expect(await eventually { Inspection.workers()[pids[round % 2]] == nil })
          let after = try await pool.broadcast(ProcessNumber(), to: 0)
          #expect(after[1 - round % 2] == pids[1 - round % 2])
          #expect(all.contains(after[round % 2]), "the one that stood by has its place")
          #expect(try await pool.broadcast(WorkerNumber(), to: 0) == [0, 1])
        }
      }
    }

    @Test func theOneThatStandsByMayDieToo() async throws {
      try await withPool(
        workers: 1, worker: .faulty, configuration: PoolConfiguration(recycling: RecyclingPolicy(standby: 1))
      ) { (pool) async throws in
        let pid = try await pool.apply(ProcessNumber(), to: 0)
        #expect(await eventually { Inspection.workers().count == 2 })
        let spare = try #require(Inspection.workers().keys.first { $0 != pid })
        kill(spare, SIGKILL)
        #expect(await eventually { Inspection.workers()[spare] == nil && Inspection.workers().count == 2 })
        #expect(try await pool.apply(ProcessNumber(), to: 0) == pid)
        #expect(pool.statistics.workersLost == 0)
      }
    }

    @Test func workersKilledAndReplacedAtOnceLoseNothing() async throws {
      let seed = Seed()
      var numbers = seed.numbers
      try await withPool(
        workers: 3, worker: .faulty, configuration: PoolConfiguration(recycling: RecyclingPolicy(items: 20))
      ) { pool in
        // Programs that die before any of them has greeted are not started again and again.
        _ = try await pool.broadcast(ProcessNumber(), to: 0)
        for round in 0..<3 {
          let running = Task {
            try await pool.map(
              Delay(milliseconds: 1), over: 0..<600, chunkSize: [1, 7, nil][round],
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

    @Test func aProcessThatIsStoppedDoesNotHoldUpTheEnd() async throws {
      let pool = try Pool(workers: 2, worker: .faulty)
      let pids = try await pool.broadcast(ProcessNumber(), to: 0)
      await stop(pids[1])
      pool.close()
      await pool.join()
      for pid in pids { #expect(!Inspection.isRunning(pid)) }
    }

    @Test func aProcessThatDoesNotLeaveIsKilled() async throws {
      let clock = ContinuousClock.now
      try await withPool(
        workers: 1, worker: .faulty, configuration: PoolConfiguration(recycling: RecyclingPolicy(items: 1))
      ) { (pool) async throws in
        #expect(try await pool.apply(StayAtExit(), to: 1) == 1)
        #expect(try await pool.apply(Echo(), to: 2) == 2)
      }
      #expect(ContinuousClock.now - clock < .seconds(20))
    }
  }
}

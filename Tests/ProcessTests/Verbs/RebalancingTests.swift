import FaultyTasks
import Glibc
import ProcPool
import Testing

extension Processes.Verbs {
  /// What a worker has not begun goes to those who have nothing to do.
  @Suite struct WorkIsRebalanced {
    /// They would wait for ever behind the first one.
    @Test(arguments: Kind.allCases, [nil, 50, 1])
    func itemsDoNotWaitBehindALongOneOfTheirChunk(_ kind: Kind, _ chunkSize: Int?) async throws {
      let scratch = Scratch()
      try await withPool(workers: 2, worker: kind.worker) { (pool) async throws in
        let task = WaitForTheRest(directory: scratch.path, count: 100)
        // Now they are known to be short, so that many are sent at once.
        try await pool.forEach(task, over: 1000..<3000)
        for file in Inspection.entries(scratch.path) { scratch.remove(file) }
        try await pool.forEach(task, over: 0..<100, chunkSize: chunkSize)
        #expect(Inspection.entries(scratch.path).count == 100)
      }
    }

    /// A call's items may take ten thousand times as long as those of the one before.
    @Test func itemsGivenToOneWorkerAreRebalanced() async throws {
      try await withPool(workers: 4, worker: .faulty) { (pool) async throws in
        let task = PauseUntilOthersRun(running: try SharedCounter(), count: 4)
        _ = try await pool.map(task, over: Array(repeating: 0, count: 2_000))
        let long = [Int?](repeating: nil, count: 40)
        #expect(Set(try await pool.map(task, over: long, chunkSize: 40)).count == 4)
      }
    }

    /// Nor when it is the caller who saw that the other has nothing left to do: it reads answers itself that
    /// come at once. That is so in some rounds of a hundred.
    @Test func waitingItemsAreRebalancedWhoeverReadTheLastAnswer() async throws {
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        for _ in 0..<40 {
          let task = PauseUntilOthersRun(running: try SharedCounter(), count: 2)
          _ = try await pool.map(task, over: Array(repeating: 20, count: 200))
          // Until the pool is at rest.
          try await Task.sleep(for: .milliseconds(5))
          let workers = try await pool.map(task, over: [nil, 0, nil], chunkSize: 1)
          try #require(workers[0] != workers[2])
        }
      }
    }

    /// Each once, and where outputs have rooms of their own, too.
    @Test func rebalancedItemsEndOnceAndAreNotSpoiled() async throws {
      let seed = Seed()
      var numbers = seed.numbers
      try await withPool(workers: 3, worker: .faulty) { (pool) async throws in
        for round in 0..<30 {
          let inputs = (0..<Int.random(in: 1...60, using: &numbers)).map { _ in
            Int.random(in: 0..<10, using: &numbers) == 0
              ? Int.random(in: 1_000..<5_000, using: &numbers) : Int.random(in: 0..<100, using: &numbers)
          }
          let task = PauseAndMake(length: round % 3 == 0 ? 80_000 : 3)
          let outputs = try await pool.map(task, over: inputs, chunkSize: [nil, 1, 7, 60][round % 4])
          #expect(outputs == inputs.map { task.output($0) }, "\(seed), round \(round)")
        }
      }
    }

    /// Of what it had been given besides nothing is lost, and nothing is run again.
    @Test func aWorkerKilledAtALongItemTakesOnlyThatWithIt() async throws {
      let scratch = Scratch()
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        let task = WaitForTheRest(directory: scratch.path, count: .max)
        try await pool.forEach(task, over: 1000..<3000)
        for file in Inspection.entries(scratch.path) { scratch.remove(file) }
        let running = Task { await pool.mapResults(task, over: 0..<100, chunkSize: 100) }
        #expect(await eventually { Inspection.entries(scratch.path).count == 100 })
        let pid = try #require(Inspection.entries(scratch.path).first { $0.hasPrefix("pid-") })
        kill(try #require(Int32(pid.dropFirst(4))), SIGKILL)
        let results = await running.value
        #expect(results.indices.filter { results[$0].failure != nil } == [0])
        #expect(results[0].failure?.loss?.end == .signalled(SIGKILL))
      }
    }

    /// It was stopped with nothing to do, and then gets something.
    @Test func aWorkerThatIsStoppedHoldsNothingUpThatItHasNotBegun() async throws {
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        let pids = try await pool.broadcast(ProcessNumber(), to: 0)
        await stop(pids[0])
        defer { kill(pids[0], SIGCONT) }
        for size in [nil, 1, 10] {
          #expect(try await pool.map(Echo(), over: 0..<100, chunkSize: size) == Array(0..<100))
        }
        for number in 0..<4 { #expect(try await pool.apply(Echo(), to: number) == number) }
        kill(pids[0], SIGCONT)
        #expect(try await pool.broadcast(ProcessNumber(), to: 0) == pids)
      }
    }
  }
}

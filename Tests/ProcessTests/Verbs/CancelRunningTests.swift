import FaultyTasks
import Glibc
import ProcPool
import Testing

extension Processes.Verbs {
  /// What runs is cancelled too: by its own help if it looks or awaits, else with its worker; nothing else is
  /// lost.
  @Suite struct CancellingWhatRuns {
    private static let grace = CancellationGrace(
      beforeTermination: .milliseconds(200), beforeKill: .milliseconds(200))

    @Test(arguments: [Persist.Way.awaits, .awaitsChild, .looks], Kind.allCases)
    func anItemThatHelpsEndsAndItsWorkerServesOn(_ way: Persist.Way, _ kind: Kind) async throws {
      let scratch = Scratch()
      try await withPool(
        workers: 1, worker: kind.worker,
        configuration: PoolConfiguration(cancellation: CancellationGrace(beforeTermination: .seconds(50)))
      ) { (pool) async throws in
        let before = try await pool.apply(ProcessNumber(), to: 0)
        for round in 1...3 {
          let handle = pool.applyAsync(Persist(way, noting: scratch.file("notes")), to: 100_000)
          #expect(await eventually { scratch.lines("notes").count == 2 * round - 1 })
          let next = pool.applyAsync(Suspend(), to: 1)
          handle.cancel()
          // What follows in the same worker is not cancelled with it.
          #expect(try await next.value == 1)
          #expect(scratch.lines("notes").last == "cancelled")
        }
        #expect(try await pool.apply(ProcessNumber(), to: 0) == before)
        #expect(pool.statistics.workersLost == 0)
      }
    }

    @Test(arguments: [(Persist.Way.blocks, SIGTERM), (.resists, SIGKILL)])
    func anItemThatDoesNotHelpIsEndedWithItsWorker(_ way: Persist.Way, _ signal: Int32) async throws {
      let scratch = Scratch()
      try await withPool(
        workers: 1, worker: .faulty, configuration: PoolConfiguration(cancellation: Self.grace)
      ) { (pool) async throws in
        let before = try await pool.apply(ProcessNumber(), to: 0)
        var events = pool.events.makeAsyncIterator()
        let handle = pool.applyAsync(Persist(way, noting: scratch.file("notes")), to: 100_000)
        #expect(await eventually { scratch.lines("notes").count == 1 })
        let others = (0..<20).map { pool.applyAsync(Echo(), to: $0) }
        handle.cancel()
        for (index, other) in others.enumerated() { #expect(try await other.value == index) }
        guard case .workerLost(let loss, let item)? = await events.next()?.kind else {
          throw Mishap("no loss is told")
        }
        #expect(loss.end == .signalled(signal) && loss.pid == Int32(before), "\(loss)")
        #expect(loss.cause == .cancelled || signal == SIGTERM, "\(loss)")
        #expect(item != nil)
        #expect(try await pool.apply(ProcessNumber(), to: 0) != before)
      }
      #expect(scratch.lines("notes") == ["began"])
    }

    @Test func aCallThatFailsCancelsItsOtherItems() async throws {
      let scratch = Scratch()
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        let looking = pool.applyAsync(Persist(.looks, noting: scratch.file("other")), to: 300)
        let clock = ContinuousClock.now
        await #expect(throws: PoolError.self) {
          for try await _ in pool.imapUnordered(SleepOrThrow(), over: [100_000, -1], chunkSize: 1) {}
        }
        #expect(try await looking.value == 300)
        #expect(try await pool.map(Echo(), over: 0..<100) == Array(0..<100))
        #expect(ContinuousClock.now - clock < .seconds(10))
      }
      #expect(scratch.lines("other") == ["began", "ended"])
    }

    @Test func leavingAStreamEarlyEndsWhatRunsForIt() async throws {
      let scratch = Scratch()
      func count(_ note: String) -> Int { scratch.lines("notes").count { $0 == note } }
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        for try await _ in pool.imapUnordered(
          Persist(.awaits, noting: scratch.file("notes")), over: [1, 100_000, 100_000, 100_000], chunkSize: 1)
        {
          // What has not begun when the stream is left never does: so both workers must have begun another item.
          #expect(await eventually { count("began") == 3 })
          break
        }
        #expect(await eventually { count("cancelled") == 2 })
        #expect(try await pool.map(Echo(), over: 0..<10) == Array(0..<10))
        #expect(count("began") == 3, "an item of a stream that was left began after all")
        #expect(pool.statistics.workersLost == 0)
      }
    }

    /// Cancelled at any moment, with other calls' items before and behind it: these all end, with their own
    /// values.
    @Test(arguments: Kind.allCases) func cancellingAtAnyMomentCostsNoOtherItem(_ kind: Kind) async throws {
      let seed = Seed()
      var numbers = seed.numbers
      try await withPool(
        workers: 2, worker: kind.worker,
        configuration: PoolConfiguration(
          cancellation: CancellationGrace(
            beforeTermination: .milliseconds(20), beforeKill: .milliseconds(20)))
      ) { pool in
        for _ in 0..<60 {
          let lasting = pool.mapAsync(Echo(), over: 0..<300)
          let victim = Task { [size = Int.random(in: 1...20, using: &numbers)] in
            try await pool.map(Suspend(), over: repeatElement(3, count: 200), chunkSize: size)
          }
          let others = (0..<10).map { pool.applyAsync(Echo(), to: $0) }
          try await Task.sleep(for: .microseconds(Int.random(in: 0..<6_000, using: &numbers)))
          victim.cancel()
          for (index, other) in others.enumerated() { #expect(try await other.value == index, "\(seed)") }
          #expect(try await lasting.value == Array(0..<300), "\(seed)")
          _ = await victim.result
        }
      }
    }

    @Test func aStoppedWorkerIsKilledForWhatIsCancelled() async throws {
      try await withPool(
        workers: 1, worker: .faulty, configuration: PoolConfiguration(cancellation: Self.grace)
      ) { (pool) async throws in
        let pid = Int32(try await pool.apply(ProcessNumber(), to: 0))
        let handle = pool.applyAsync(Sleep(), to: 100_000)
        try await Task.sleep(for: .milliseconds(50))
        await stop(pid)
        handle.cancel()
        #expect(try await pool.apply(Echo(), to: 7) == 7)
        #expect(!Inspection.isRunning(pid))
      }
    }
  }

  /// A call ends when its time is over, whatever its items do.
  @Suite struct Deadlines {
    private func expectExceeded(_ error: PoolError, _ limit: Duration) {
      guard case .deadlineExceeded(limit) = error else {
        Issue.record("\(error)")
        return
      }
    }

    @Test(arguments: Kind.allCases) func everyVerbEndsInTime(_ kind: Kind) async throws {
      let limit = Duration.milliseconds(300)
      try await withPool(workers: 2, worker: kind.worker) { (pool) async throws in
        let clock = ContinuousClock.now
        let long = [Int](repeating: 100_000, count: 5)
        expectExceeded(
          try await poolError { try await pool.map(Suspend(), over: long, deadline: limit) }, limit)
        expectExceeded(
          try await poolError { try await pool.forEach(Suspend(), over: long, deadline: limit) }, limit)
        expectExceeded(
          try await poolError { try await pool.apply(Suspend(), to: 100_000, deadline: limit) }, limit)
        expectExceeded(
          try await poolError { try await pool.broadcast(Suspend(), to: 100_000, deadline: limit) }, limit)
        let handle = pool.applyAsync(Suspend(), to: 100_000, deadline: limit)
        expectExceeded(try await poolError { try await handle.value }, limit)
        expectExceeded(
          try await poolError {
            try await pool.mapReduce(SuspendingSum(), over: 0..<10, startingWith: 0, deadline: limit)
          }, limit)
        #expect(try await pool.map(Echo(), over: 0..<100, deadline: .seconds(50)) == Array(0..<100))
        #expect(ContinuousClock.now - clock < .seconds(15))
      }
    }

    @Test func whatHasEndedByThenIsKept() async throws {
      let limit = Duration.milliseconds(500)
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        var inputs = [Int](repeating: 1, count: 30)
        inputs[20] = 100_000
        inputs[25] = 100_000
        let results = await pool.mapResults(Suspend(), over: inputs, chunkSize: 1, deadline: limit)
        #expect(results.count == 30)
        for index in 0..<20 { #expect(try results[index].get() == 1) }
        for index in [20, 25] { expectExceeded(try #require(results[index].failure), limit) }

        var count = 0
        let error = try await poolError {
          for try await output in pool.imap(Suspend(), over: inputs, chunkSize: 1, deadline: limit) {
            #expect(output == 1)
            count += 1
          }
        }
        expectExceeded(error, limit)
        #expect(count == 20)
      }
    }

    @Test func anEndlessStreamEndsToo() async throws {
      let limit = Duration.milliseconds(200)
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        var count = 0
        let error = try await poolError {
          for try await _ in pool.imapResults(Echo(), over: 0..., deadline: limit) { count += 1 }
        }
        expectExceeded(error, limit)
        #expect(count > 0)
      }
    }

    @Test func aCallerWhoMakesInputsSlowlyIsToldAllTheSame() async throws {
      let limit = Duration.milliseconds(100)
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        let slow = AsyncStream<Int> { continuation in
          continuation.yield(1)
          continuation.onTermination = { _ in }
        }
        expectExceeded(try await poolError { try await pool.map(Echo(), over: slow, deadline: limit) }, limit)
      }
    }
  }
}

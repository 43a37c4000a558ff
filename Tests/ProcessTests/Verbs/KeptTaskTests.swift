import FaultyTasks
import Glibc
import ProcPool
import Testing

extension Processes.Verbs {
  /// A task that takes long to prepare stays in its worker when its call has ended.
  @Suite struct KeptTasks {
    @Test(arguments: Kind.allCases) func twentyAppliesPrepareOnce(_ kind: Kind) async throws {
      try await withPool(workers: 1, worker: kind.worker) { (pool) async throws in
        var findings: [Finding] = []
        for input in 100..<120 { findings.append(try await pool.apply(Prepared(), to: input)) }
        #expect(Set(findings.map(\.preparations)).count == 1)
        let statistics = pool.statistics.preparations
        #expect(statistics.count == 1 && statistics.firstInWorker == 1 && statistics.reused == 19)
        #expect(statistics.time >= .milliseconds(1))
      }
    }

    @Test(arguments: Kind.allCases) func everyCallStartsFromTheTaskAsPrepareLeftIt(_ kind: Kind) async throws
    {
      try await withPool(workers: 1, worker: kind.worker) { (pool) async throws in
        for call in 0..<4 {
          let findings = try await pool.map(Prepared(), over: 0..<3)
          #expect(findings.map(\.plain) == [1, 2, 3], "plain properties belong to a call")
          #expect(findings.map(\.local) == [1, 2, 3].map { 3 * call + $0 }, "these do not")
          #expect(findings.map(\.object) == [1, 2, 3].map { 3 * call + $0 })
        }
      }
    }

    enum Verb: String, CaseIterable, Sendable {
      case apply, applyAsync, submit, broadcast, map, mapAsync, mapResults, forEach, imap, imapUnordered,
        imapResults, asyncMap, mapReduce

      func run(on pool: Pool) async throws -> Finding? {
        let task = Prepared()
        switch self {
        case .apply: return try await pool.apply(task, to: 0)
        case .applyAsync: return try await pool.applyAsync(task, to: 0).value
        case .submit: return try await pool.submit(task, to: 0).value
        case .broadcast: return try await pool.broadcast(task, to: 0).last
        case .map: return try await pool.map(task, over: 0..<5).last
        case .mapAsync: return try await pool.mapAsync(task, over: 0..<5).value.last
        case .mapResults: return try await pool.mapResults(task, over: 0..<5).last?.get()
        case .forEach:
          try await pool.forEach(task, over: 0..<5)
          return nil
        case .imap: return try await pool.imap(task, over: 0..<5).reduce(nil) { $1 }
        case .imapUnordered: return try await pool.imapUnordered(task, over: 0..<5).reduce(nil) { $1 }
        case .imapResults: return try await pool.imapResults(task, over: 0..<5).reduce(nil) { try $1.get() }
        case .asyncMap:
          let inputs = AsyncStream { continuation in
            for input in 0..<5 { continuation.yield(input) }
            continuation.finish()
          }
          return try await pool.map(task, over: inputs).last
        case .mapReduce: return try await pool.mapReduce(task, over: 0..<5, startingWith: .nothing)
        }
      }
    }

    @Test(arguments: Verb.allCases) func everyVerbUsesThem(_ verb: Verb) async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        for call in 0..<3 {
          if let finding = try await verb.run(on: pool) { #expect(finding.preparations == 1) }
          let statistics = pool.statistics.preparations
          #expect(statistics.count == 1 && statistics.reused == call, "\(statistics)")
        }
      }
    }

    /// The first is prepared while the others are on their way.
    @Test func callsAtOncePrepareOnce() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        // From here on items are known to be short, so that many are sent ahead.
        for _ in 0..<20 { _ = try await pool.apply(Prepared(0), to: 0) }
        for round in 1...3 {
          let handles = (0..<50).map { _ in pool.applyAsync(Prepared(round), to: 0) }
          for handle in handles {
            let finding = try await handle.value
            #expect(finding.preparations == 1 + round && finding.number == round)
          }
        }
        #expect(pool.statistics.preparations.count == 4)
      }
    }

    @Test func theBytesOfALargeTaskAreSentOnce() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        let task = Prepared(7, bytes: 4 << 20)
        var sent: [UInt64] = []
        for input in 0..<4 {
          let before = pool.statistics
          #expect(try await pool.apply(task, to: input).preparations == 1)
          sent.append((pool.statistics - before).bytesSent)
        }
        #expect(sent[0] > 4 << 20)
        // The headers of two frames, and the input.
        #expect(sent.dropFirst().allSatisfy { $0 <= 128 }, "\(sent)")
      }
    }

    /// What a frame carries for this is in its header.
    @Test func callsOfTasksThatAreCheapSendAndReceiveNoMore() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        func spent(_ calls: Int) async throws -> PoolStatistics {
          let before = pool.statistics
          for input in 0..<calls { #expect(try await pool.apply(Echo(), to: input) == input) }
          return pool.statistics - before
        }
        _ = try await spent(10)
        let spent = try await spent(1_000)
        let message = spent.bytesSent - UInt64(spent.preparations.count) * 24
        // Two headers, the name of the type, the task without properties, and the input.
        #expect(message <= 1_000 * 120, "\(spent)")
        // A header and the output. On a busy machine some preparations take long, and are reported.
        #expect(spent.bytesReceived <= 1_000 * 40 + UInt64(spent.preparations.count) * 40, "\(spent)")
        #expect(spent.preparations.count < 100)
      }
    }

    @Test func aWorkerThatDiesTakesItsTasksWithIt() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        let first = try await pool.apply(Prepared(), to: 0)
        let again = try await pool.apply(
          Prepared(), to: 13, retry: .atLeastOnce(maximumAttempts: 2))
        #expect(again.pid != first.pid && again.preparations == 1 && again.object == 1)
        #expect(try await pool.apply(Prepared(), to: 1).object == 2)
        let statistics = pool.statistics.preparations
        #expect(statistics.count == 2 && statistics.afterReplacement == 1 && statistics.reused == 2)
      }
    }

    @Test(arguments: Kind.allCases) func soDoesOneThatIsRecycled(_ kind: Kind) async throws {
      let configuration = PoolConfiguration(recycling: RecyclingPolicy(items: 3))
      try await withPool(workers: 1, worker: kind.worker, configuration: configuration) {
        (pool) async throws in
        for input in 0..<9 {
          let finding = try await pool.apply(Prepared(), to: input)
          #expect(finding.object == input % 3 + 1 && finding.local == finding.object)
        }
        #expect(pool.statistics.preparations.count == 3)
      }
    }

    @Test func aPreparationThatThrowsIsNotKept() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        for count in 1...3 {
          let error = try await poolError { try await pool.apply(Prepared(-1), to: 0) }
          guard case .taskFailed(let failure) = error else { throw error }
          #expect(failure.isPreparation && failure.underlying as? Misfit == Misfit(value: count))
        }
        #expect(try await pool.apply(Prepared(), to: 0).preparations == 4)
      }
    }

    @Test(arguments: Kind.allCases) func aThousandTasksInTurnAreBounded(_ kind: Kind) async throws {
      try await withPool(workers: 1, worker: kind.worker) { (pool) async throws in
        // In this process there is the caller's, too.
        let others = try await pool.apply(Prepared(), to: 0).living - 1
        var most = 0
        for number in 1...1_000 {
          let finding = try await pool.apply(Prepared(number), to: 0)
          #expect(finding.number == number && finding.object == 1)
          most = max(most, finding.living - others)
        }
        // Those that are kept, and the one that runs, whose drop may be on its way.
        #expect(most <= 8 + 2 + (kind == .threads ? 2 : 0), "\(most)")
        let statistics = pool.statistics.preparations
        #expect(statistics.count == 1_001 && statistics.ofOtherValue == 1_000)
      }
    }

    @Test func theMemoryThatTheyTakeIsBounded() async throws {
      let configuration = PoolConfiguration(keptTasks: KeptTasksPolicy(memory: .mebibytes(40)))
      try await withPool(workers: 1, worker: .faulty, configuration: configuration) { (pool) async throws in
        for round in 0..<3 {
          for number in 0..<2 {
            _ = try await pool.apply(Prepared(number, building: 16 << 20), to: round)
          }
        }
        // Two fit.
        #expect(pool.statistics.preparations.count == 2)
        for round in 0..<3 {
          for number in 0..<4 {
            let finding = try await pool.apply(Prepared(number, building: 16 << 20), to: round)
            #expect(finding.living <= 4)
          }
        }
        // With four tasks in turn, each is gone when it is needed again.
        #expect(pool.statistics.preparations.afterEviction >= 8)
        // By itself it takes too much.
        let before = pool.statistics
        for round in 0..<3 { _ = try await pool.apply(Prepared(9, building: 48 << 20), to: round) }
        #expect((pool.statistics - before).preparations.count == 3)
      }
    }

    @Test func aTaskAndAPoolCanOptOut() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        for count in 1...3 {
          let finding = try await pool.apply(PreparedForEachCall(), to: 0)
          #expect(finding.preparations == count && finding.object == 1)
        }
        #expect(pool.statistics.preparations.notKept == 3 && pool.statistics.preparations.count == 3)
      }
      let configuration = PoolConfiguration(keptTasks: .none)
      try await withPool(workers: 1, worker: .faulty, configuration: configuration) { (pool) async throws in
        for count in 1...3 { #expect(try await pool.apply(Prepared(), to: 0).preparations == count) }
        #expect(pool.statistics.preparations.notKept == 3)
      }
      let refused = PoolConfiguration(keptTasks: KeptTasksPolicy(count: -1))
      let error = try await poolError {
        try await withPool(workers: 1, worker: .faulty, configuration: refused) { (_) async throws in }
      }
      #expect("\(error)".contains("keptTasks.count must be at least 0"), "\(error)")
    }

    /// Equal values whose elements come in another order are other bytes: prepared once more, never confused.
    @Test func equalValuesWithOtherBytesAreOtherTasks() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        for seed in 0..<20 {
          var names = Set<Int>(minimumCapacity: 64 + 64 * seed)
          for name in 0..<40 { names.insert((name + seed) % 40) }
          #expect(try await pool.apply(PreparedNames(names), to: 3) == [40, 780, 3])
        }
      }
    }

    // MARK: - Shared memory

    /// Waits until workers have got the frames that are on their way.
    private func expectNoMappings(in pool: Pool) async throws {
      let end = ContinuousClock.now + .seconds(20)
      var mappings: [Int] = []
      repeat {
        mappings = try await pool.broadcast(CountMappings(), to: 0)
      } while mappings.contains { $0 > 0 } && ContinuousClock.now < end
      #expect(mappings.allSatisfy { $0 == 0 }, "\(mappings)")
    }

    @Test func sharedArraysGoWithTheProgramsLastReference() async throws {
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        func call(_ round: Int) async throws {
          let array = try SharedArray(repeating: round, count: 100_000)
          for input in 0..<3 {
            let sums = try await pool.broadcast(PreparedSum(array), to: input)
            #expect(sums == [100_000 * round + input, 100_000 * round + input])
          }
        }
        for round in 1...5 { try await call(round) }
        let statistics = pool.statistics.preparations
        #expect(statistics.count == 10 && statistics.reused == 20, "\(statistics)")
        #expect(Inspection.sharedMappings() == 0)
        // The frame may still be on its way.
        try await expectNoMappings(in: pool)
      }
    }

    /// So does a small one, whose place in a slab is another array's afterwards.
    @Test func smallOnesGoToo() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        for round in 1...200 {
          let array = try SharedArray(repeating: round, count: 10)
          #expect(try await pool.apply(PreparedSum(array), to: 1) == 10 * round + 1)
          #expect(try await pool.apply(PreparedSum(array), to: 2) == 10 * round + 2)
        }
        #expect(pool.statistics.preparations.reused == 200)
      }
    }

    @Test func onThreadsTasksWithSharedArraysAreNotKept() async throws {
      try await withPool(workers: 1, worker: .threads) { (pool) async throws in
        for round in 1...3 {
          let array = try SharedArray(repeating: round, count: 10_000)
          for input in 0..<2 {
            #expect(try await pool.apply(PreparedSum(array), to: input) == 10_000 * round + input)
          }
        }
        #expect(pool.statistics.preparations.notKept == 6)
        #expect(await eventually { Inspection.sharedMappings() == 0 })
      }
    }

    @Test func aWorkersOwnArrayGoesToo() async throws {
      try await withPool(workers: 1, worker: .faulty) { (pool) async throws in
        for round in 1...4 {
          let array = try await pool.apply(MakeShared(count: 10_000), to: round)
          let sum = try await pool.apply(SumShared(), to: array)
          for input in 0..<2 { #expect(try await pool.apply(PreparedSum(array), to: input) == sum + input) }
        }
        // The other tasks may be kept as well, on a machine that is busy.
        #expect(pool.statistics.preparations.reused >= 4)
        try await expectNoMappings(in: pool)
      }
    }
  }
}

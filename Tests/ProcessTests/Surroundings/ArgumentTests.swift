import FaultyTasks
import ProcPool
import Testing

extension Processes.Surroundings {
  /// Arguments that make no sense are refused in words.
  @Suite struct SenselessArguments {
    private func expectRefusal(_ words: String, _ make: () throws -> Pool) async throws {
      let error = try await poolError { try make() }
      let failure = try #require(error.startFailure)
      #expect(failure.message == words)
    }

    @Test func numbersThatAPoolIsMadeWithAreErrors() async throws {
      for workers in [0, -1, Int.min, 65_537, .max] {
        try await expectRefusal("workers must be from 1 to 65536, not \(workers)") {
          try Pool(workers: workers, worker: .faulty)
        }
        try await expectRefusal("workers must be from 1 to 65536, not \(workers)") {
          try Pool(workers: workers, worker: .threads)
        }
      }
      try await expectRefusal("recycling.items must be at least 1, not 0") {
        try Pool(
          workers: 1, worker: .faulty, configuration: PoolConfiguration(recycling: RecyclingPolicy(items: 0)))
      }
      try await expectRefusal("recycling.standby must be from 0 to 65536, not -1") {
        try Pool(
          workers: 1, worker: .faulty,
          configuration: PoolConfiguration(recycling: RecyclingPolicy(standby: -1)))
      }
      try await expectRefusal("recycling.standby must be from 0 to 65536, not \(Int.max)") {
        try Pool(
          workers: 1, worker: .faulty,
          configuration: PoolConfiguration(recycling: RecyclingPolicy(standby: .max)))
      }
      try await expectRefusal("payloads.maximum must be from 64 KiB to 131072 GiB, not 65535 bytes") {
        try Pool(
          workers: 1, worker: .faulty,
          configuration: PoolConfiguration(payloads: PayloadPolicy(maximum: .bytes(65_535))))
      }
      try await expectRefusal("recycling.age must be positive, not 0.0 seconds") {
        try Pool(
          workers: 1, worker: .faulty,
          configuration: PoolConfiguration(recycling: RecyclingPolicy(age: .zero)))
      }
      try await expectRefusal("recycling.memory must be at least 1 byte, not -5 bytes") {
        try Pool(
          workers: 1, worker: .faulty,
          configuration: PoolConfiguration(recycling: RecyclingPolicy(memory: .bytes(-5))))
      }
      try await expectRefusal("limits.memory must be at least 1 byte, not 0 bytes") {
        try Pool(
          workers: 1, worker: .faulty,
          configuration: PoolConfiguration(limits: WorkerLimits(memory: .bytes(0))))
      }
      try await expectRefusal("limits.processorTime must be positive, not -1.0 seconds") {
        try Pool(
          workers: 1, worker: .faulty,
          configuration: PoolConfiguration(limits: WorkerLimits(processorTime: .seconds(-1))))
      }
      try await expectRefusal("limits.processors must not be empty") {
        try Pool(
          workers: 1, worker: .faulty, configuration: PoolConfiguration(limits: WorkerLimits(processors: [])))
      }
      try await expectRefusal("a processor in limits.processors must be from 0 to 1048575, not -1") {
        try Pool(
          workers: 1, worker: .faulty,
          configuration: PoolConfiguration(limits: WorkerLimits(processors: [-1])))
      }
    }

    /// The program that breaks one of these ends, and its last words say why.
    private func expectLastWords(_ words: String, of result: ExitTest.Result?) {
      let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
      #expect(text.contains("Fatal error: \(words)"), "\(text)")
    }

    @Test func aChunkSizeOfNothingIsSaid() async {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        let pool = try Pool(workers: 1, worker: .threads)
        _ = try await pool.map(Echo(), over: 0..<3, chunkSize: 0)
      }
      expectLastWords("chunkSize must be at least 1, not 0", of: result)
    }

    @Test func aLimitOfNothingIsSaid() async {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = try Pool(workers: 1, worker: .threads).imap(Echo(), over: 0..<3, inFlight: -2)
      }
      expectLastWords("inFlight must be at least 1, not -2", of: result)
    }

    @Test func noPartsAreSaid() async {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        let pool = try Pool(workers: 1, worker: .threads)
        _ = try await pool.mapReduce(
          SleepingSum(milliseconds: 0), over: 0..<3, startingWith: 0, parts: 0)
      }
      expectLastWords("parts must be at least 1, not 0", of: result)
    }

    @Test func noAttemptsAreSaid() async {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        let pool = try Pool(workers: 1, worker: .threads)
        _ = try await pool.apply(Echo(), to: 1, retry: .atLeastOnce(maximumAttempts: 0))
      }
      expectLastWords("attempts must be at least 1, not 0", of: result)
    }

    @Test func joiningAnOpenPoolIsSaid() async {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        await (try Pool(workers: 1, worker: .threads)).join()
      }
      expectLastWords("join() needs close() or terminate() before it", of: result)
    }

    @Test func aNoticeAtOnceIsSaid() async {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = StallNotice(after: .zero)
      }
      expectLastWords("StallNotice(after:) needs a positive duration, not 0.0 seconds", of: result)
    }

    // MARK: - Durations

    static let ends: [Duration] = [
      .seconds(Int64.max), .seconds(Int64.min), .seconds(-10_000_000_000), Duration(attoseconds: .max),
      Duration(attoseconds: .min), .nanoseconds(Int64.max), .zero, .nanoseconds(-1),
    ]

    @Test(arguments: ends) func everyDurationMayBeAnything(_ duration: Duration) async throws {
      let isLong = duration > .seconds(1)
      try await withPool(
        workers: 1, worker: .faulty,
        configuration: PoolConfiguration(
          cancellation: CancellationGrace(beforeTermination: duration, beforeKill: .seconds(1)),
          stallNotice: isLong ? StallNotice(after: duration) : nil)
      ) { pool in
        // A limit in the past is over at the first look at the clock.
        let timed = await Result { try await pool.apply(Sleep(), to: isLong ? 1 : 2_000, timeout: duration) }
        expectLimit(timed, isLong)
        let dated = await Result {
          try await pool.map(Sleep(), over: [isLong ? 1 : 2_000], deadline: duration)
        }
        expectLimit(dated, isLong)
        let handle = pool.applyAsync(Sleep(), to: 200)
        let isThere = await handle.wait(for: duration)
        #expect(isThere == isLong)
        _ = await handle.result
        let outputs = try await pool.map(Echo(), over: 0..<5, progress: .callback(every: duration) { _ in })
        #expect(outputs == Array(0..<5))
        let value = try LockedValue(1)
        #expect(try value.withLock(timeout: duration) { $0 } == 1)
      }
    }

    private func expectLimit<Value>(_ result: Result<Value, any Error>, _ isLong: Bool) {
      switch result {
      case .success: #expect(isLong)
      case .failure(PoolError.timedOut), .failure(PoolError.deadlineExceeded): #expect(!isLong)
      case .failure(let error): Issue.record("\(error)")
      }
    }

    @Test func aLongLifeIsForEver() async throws {
      try await withPool(
        workers: 1, worker: .faulty,
        configuration: PoolConfiguration(
          limits: WorkerLimits(processorTime: .seconds(Int64.max)),
          recycling: RecyclingPolicy(age: .seconds(Int64.max)))
      ) { (pool) async throws in
        #expect(try await pool.map(Echo(), over: 0..<5) == Array(0..<5))
      }
    }
  }
}

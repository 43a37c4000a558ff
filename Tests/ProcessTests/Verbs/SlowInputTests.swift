import FaultyTasks
import ProcPool
import Synchronization
import Testing

extension Processes.Verbs {
  /// The caller's own code takes its time between results, and never longer than the call.
  @Suite struct SlowInputs {
    /// Counts what was taken of it, and pauses before each element.
    final class Slow: Sequence, Sendable {
      private let count = Mutex(0)
      private let milliseconds: Int
      private let limit: Int

      init(_ limit: Int = .max, milliseconds: Int) {
        self.limit = limit
        self.milliseconds = milliseconds
      }

      var taken: Int { count.withLock { $0 } }

      func makeIterator() -> AnyIterator<Int> {
        AnyIterator {
          if self.taken >= self.limit { return nil }
          pause(milliseconds: self.milliseconds)
          return self.count.withLock {
            $0 += 1; return $0 - 1
          }
        }
      }
    }

    /// How a stream takes its inputs.
    enum Way: String, CaseIterable, Sendable { case ordered, unordered, results, ofNothing }

    /// Consumes a stream, and tells of each result before the next is asked for.
    private func consume(
      _ way: Way, _ inputs: Slow, on pool: Pool, chunkSize: Int?, _ body: (_ number: Int) -> Void
    ) async throws {
      var number = 0
      func note() {
        body(number)
        number += 1
      }
      switch way {
      case .ordered:
        for try await _ in pool.imap(Echo(), over: inputs, chunkSize: chunkSize) { note() }
      case .unordered:
        for try await _ in pool.imapUnordered(Echo(), over: inputs, chunkSize: chunkSize) { note() }
      case .results:
        for try await _ in pool.imapResults(Echo(), over: inputs, chunkSize: chunkSize) { note() }
      case .ofNothing:
        for try await _ in pool.imapResults(Discard(), over: inputs, chunkSize: chunkSize) { note() }
      }
    }

    @Test(arguments: Way.allCases, [1, 4, nil])
    func resultsComeWhileInputsDo(_ way: Way, chunkSize: Int?) async throws {
      try await withPool(workers: 2, worker: .faulty) { pool in
        // The pool knows that such items are short, and would take thousands at a time.
        _ = try await pool.map(Echo(), over: 0..<100_000)
        try await pool.forEach(Discard(), over: 0..<100_000)
        let inputs = Slow(25, milliseconds: 20)
        var lead = 0
        try await consume(way, inputs, on: pool, chunkSize: chunkSize) { number in
          lead = max(lead, inputs.taken - number)
        }
        #expect(inputs.taken == 25)
        // A chunk that a worker has, one that is being made, and some for a machine that has much to do.
        #expect(lead <= 2 * (chunkSize ?? 1) + 10, "inputs are \(lead) ahead of results")
      }
    }

    @Test func aChunkOfGivenSizeIsCompletedAllTheSame() async throws {
      try await withPool(workers: 2, worker: .faulty) { pool in
        _ = try await pool.map(Echo(), over: 0..<100_000)
        let outputs = try await pool.map(Echo(), over: Slow(10, milliseconds: 15), chunkSize: 4)
        #expect(outputs == Array(0..<10))
        #expect(pool.callStatistics.last?.chunks == 3)
      }
    }

    @Test func mapReduceOfSlowInputsIsRight() async throws {
      try await withPool(workers: 2, worker: .faulty) { pool in
        let inputs = Slow(20, milliseconds: 15)
        let sum = try await pool.mapReduce(
          SleepingSum(milliseconds: 0), over: inputs, startingWith: 0, parts: 3)
        #expect(sum == 190)
      }
    }

    // MARK: - The end of a call

    enum Verb: String, CaseIterable, Sendable {
      case map, mapResults, mapAsync, forEach, mapReduce, imap, imapUnordered, imapResults
    }

    enum End: String, CaseIterable, Sendable { case deadline, cancellation, termination }

    /// Runs a verb to its end.
    @Sendable private func run(
      _ verb: Verb, over inputs: some Sequence<Int> & Sendable, on pool: Pool, deadline: Duration?
    ) async throws {
      switch verb {
      case .map: _ = try await pool.map(Echo(), over: inputs, deadline: deadline)
      case .mapResults:
        let results = await pool.mapResults(Echo(), over: inputs, deadline: deadline)
        // The rest is one failure, so that it shows that there is a rest.
        _ = try #require(results.last).get()
      case .mapAsync:
        // In a task of its own, which is not cancelled: the wait ends with the work.
        let handle = pool.mapAsync(Echo(), over: inputs, deadline: deadline)
        _ = try await withTaskCancellationHandler {
          try await Task { try await handle.value }.value
        } onCancel: {
          handle.cancel()
        }
      case .forEach: try await pool.forEach(Echo(), over: inputs, deadline: deadline)
      case .mapReduce:
        _ = try await pool.mapReduce(
          SleepingSum(milliseconds: 0), over: inputs, startingWith: 0, deadline: deadline)
      case .imap: for try await _ in pool.imap(Echo(), over: inputs, deadline: deadline) {}
      case .imapUnordered: for try await _ in pool.imapUnordered(Echo(), over: inputs, deadline: deadline) {}
      case .imapResults: for try await _ in pool.imapResults(Echo(), over: inputs, deadline: deadline) {}
      }
    }

    @Test(arguments: Verb.allCases, End.allCases)
    func noInputIsTakenAfterTheEndOfTheCall(_ verb: Verb, _ end: End) async throws {
      for milliseconds in [0, 10] {
        let pool = try Pool(workers: 2, worker: .faulty)
        _ = try await pool.map(Echo(), over: 0..<1000)
        let inputs = Slow(milliseconds: milliseconds)
        let call = Task {
          try await run(verb, over: inputs, on: pool, deadline: end == .deadline ? .milliseconds(200) : nil)
        }
        // Who comes late finds the end of its time: on a busy machine that may be before the tenth.
        #expect(await eventually { inputs.taken > (end == .deadline ? 0 : 10) })
        switch end {
        case .deadline: break
        case .cancellation: call.cancel()
        case .termination: pool.terminate()
        }
        let error = await #expect(throws: (any Error).self) { try await call.value }
        switch (end, error as? PoolError) {
        case (.deadline, .deadlineExceeded), (.termination, .terminated): break
        case (.cancellation, nil): #expect(error is CancellationError)
        case (.cancellation, .cancelled) where verb == .mapResults: break
        default: Issue.record("\(verb) ends by \(end) with \(String(describing: error))")
        }
        let taken = inputs.taken
        pool.terminate()
        await pool.join()
        try await Task.sleep(for: .milliseconds(30))
        #expect(inputs.taken == taken)
      }
    }

    @Test func mapResultsHasOneForEachInputThatWasTakenAndOneForTheRest() async throws {
      try await withPool(workers: 2, worker: .faulty) { pool in
        let inputs = Slow(60, milliseconds: 50)
        let results = await pool.mapResults(Echo(), over: inputs, deadline: .milliseconds(300))
        #expect(inputs.taken < 40)
        #expect(results.count == inputs.taken + 1)
        for (item, result) in results.enumerated() {
          switch result {
          case .success(let output): #expect(output == item)
          case .failure(.deadlineExceeded(let limit)): #expect(limit == .milliseconds(300))
          case .failure(let error): throw error
          }
        }
        guard case .failure = results.last else { throw Misfit(value: results.count) }
      }
    }

    @Test func mapResultsHasOneForEachInputThatIsKnownOf() async throws {
      let taken = Mutex(0)
      try await withPool(workers: 2, worker: .faulty) { pool in
        let inputs = (0..<60).lazy.map { number in
          pause(milliseconds: 50)
          taken.withLock { $0 += 1 }
          return number
        }
        let results = await pool.mapResults(Echo(), over: inputs, deadline: .milliseconds(300))
        #expect(taken.withLock { $0 } < 40)
        #expect(results.count == 60)
        guard case .failure(.deadlineExceeded) = results[59] else { throw Misfit(value: 59) }
      }
    }

    @Test func aCallThatCannotBeginTakesNoInputs() async throws {
      let pool = try Pool(workers: 1, worker: .faulty)
      pool.close()
      await pool.join()
      let inputs = Slow(milliseconds: 1)
      let results = await pool.mapResults(Echo(), over: inputs)
      guard results.count == 1, case .failure(.closed) = results[0] else {
        throw Misfit(value: results.count)
      }
      #expect(inputs.taken == 1, "to see whether there are any")
      #expect(await pool.mapResults(Echo(), over: Slow(0, milliseconds: 0)).isEmpty)
      let known = await pool.mapResults(Echo(), over: 0..<5)
      #expect(known.count == 5)
    }

    /// An endless asynchronous sequence that does not look whether it is cancelled.
    struct Deaf: AsyncSequence, AsyncIteratorProtocol, Sendable {
      let inputs: Slow
      func makeAsyncIterator() -> Deaf { self }
      mutating func next() async -> Int? {
        await Task.yield()
        return inputs.makeIterator().next()
      }
    }

    /// There may be very many that were never taken.
    @Test func whatWasNeverTakenIsCountedAndNotWorkedOn() async throws {
      try await withPool(workers: 1, worker: .faulty) { pool in
        let count = 1 << 23
        let results = await pool.mapResults(
          Sleep(), over: 1...count, chunkSize: 1, deadline: .milliseconds(100))
        #expect(results.count == count)
        guard case .failure(.deadlineExceeded) = results[count - 1] else { throw Misfit(value: count) }
      }
    }

    /// A slow consumer gets all results if its deadline allows, and the deadline's error if not.
    @Test(arguments: [Verb.imap, .imapUnordered, .imapResults])
    func aStreamEndsWithItsDeadlineAndNotLater(_ verb: Verb) async throws {
      try await withPool(workers: 2, worker: .faulty) { pool in
        func consume(_ count: Int, _ deadline: Duration) async throws -> Int {
          var taken = 0
          switch verb {
          case .imap:
            for try await _ in pool.imap(Echo(), over: 0..<count, chunkSize: 1, deadline: deadline) {
              taken += 1
              pause(milliseconds: 10)
            }
          case .imapUnordered:
            for try await _ in pool.imapUnordered(Echo(), over: 0..<count, chunkSize: 1, deadline: deadline) {
              taken += 1
              pause(milliseconds: 10)
            }
          default:
            for try await _ in pool.imapResults(Echo(), over: 0..<count, chunkSize: 1, deadline: deadline) {
              taken += 1
              pause(milliseconds: 10)
            }
          }
          return taken
        }
        #expect(try await consume(10, .seconds(60)) == 10)
        let error = await #expect(throws: PoolError.self) { try await consume(2_000, .milliseconds(200)) }
        guard case .deadlineExceeded = error else { throw error! }
        await #expect(throws: PoolError.self) { try await consume(10, .seconds(Int64.min)) }
      }
    }

    /// The last result was taken in time; that its consumer was long about it changes nothing.
    @Test func theLastResultIsFollowedByTheEnd() async throws {
      try await withPool(workers: 1, worker: .faulty) { pool in
        var taken = 0
        for try await _ in pool.imap(Echo(), over: 0..<1, deadline: .seconds(1)) {
          taken += 1
          pause(milliseconds: 1_200)
        }
        #expect(taken == 1)
      }
    }

    /// What has ended is not lost with the rest of an asynchronous sequence, either.
    @Test(arguments: End.allCases)
    func mapResultsOfAnAsynchronousSequenceKeepsWhatHasEnded(_ end: End) async throws {
      let pool = try Pool(workers: 2, worker: .faulty)
      let inputs = Slow(milliseconds: 10)
      let deadline = end == .deadline ? Duration.seconds(1) : nil
      // Workers take a while to start on a busy machine.
      _ = try await pool.broadcast(Echo(), to: 0)
      let before = pool.statistics.itemsFinished
      let call = Task { try await pool.mapResults(Echo(), over: Deaf(inputs: inputs), deadline: deadline) }
      #expect(await eventually { inputs.taken > 10 && pool.statistics.itemsFinished > before })
      switch end {
      case .deadline: break
      case .cancellation: call.cancel()
      case .termination: pool.terminate()
      }
      let results = try await call.value
      pool.terminate()
      await pool.join()
      let successes = results.prefix { (try? $0.get()) != nil }
      #expect(successes.count >= 1 && successes.enumerated().allSatisfy { (try? $1.get()) == $0 })
      #expect(results.count > successes.count)
      for result in results.dropFirst(successes.count) {
        guard case .failure(let error) = result else { continue }
        switch (end, error) {
        case (.deadline, .deadlineExceeded), (.cancellation, .cancelled), (.termination, .terminated): break
        default: throw error
        }
      }
    }

    @Test func whatAnAsynchronousSequenceThrowsIsThrownWhenTheRestHasEnded() async throws {
      try await withPool(workers: 2, worker: .faulty) { pool in
        let inputs = AsyncThrowingStream<Int, any Error> { continuation in
          for number in 0..<20 { continuation.yield(number) }
          continuation.finish(throwing: Misfit(value: 20))
        }
        await #expect(throws: Misfit(value: 20)) { try await pool.mapResults(Echo(), over: inputs) }
        let ended = AsyncStream { continuation in
          for number in 0..<20 { continuation.yield(number) }
          continuation.finish()
        }
        let results = try await pool.mapResults(Echo(), over: ended)
        #expect(results.compactMap { try? $0.get() } == Array(0..<20))
        let none = AsyncStream<Int> { $0.finish() }
        #expect(try await pool.mapResults(Echo(), over: none).isEmpty)
      }
    }

    @Test(arguments: [Verb.map, .mapResults, .forEach, .mapReduce, .imap, .imapResults], End.allCases)
    func anAsynchronousSequenceIsLetGoOfToo(_ verb: Verb, _ end: End) async throws {
      let pool = try Pool(workers: 2, worker: .faulty)
      _ = try await pool.map(Echo(), over: 0..<1000)
      let inputs = Slow(milliseconds: 2)
      let deaf = Deaf(inputs: inputs)
      let deadline = end == .deadline ? Duration.milliseconds(200) : nil
      let call = Task {
        switch verb {
        case .map: _ = try await pool.map(Echo(), over: deaf, deadline: deadline)
        case .mapResults:
          for result in try await pool.mapResults(Echo(), over: deaf, deadline: deadline) {
            _ = try result.get()
          }
        case .forEach: try await pool.forEach(Echo(), over: deaf, deadline: deadline)
        case .mapReduce:
          _ = try await pool.mapReduce(
            SleepingSum(milliseconds: 0), over: deaf, startingWith: 0, deadline: deadline)
        case .imap:
          // The stream lives on after its end.
          var iterator = pool.imap(Echo(), over: deaf, deadline: deadline).makeAsyncIterator()
          defer { withExtendedLifetime(iterator) {} }
          while try await iterator.next() != nil {}
        case .imapResults: for try await _ in pool.imapResults(Echo(), over: deaf, deadline: deadline) {}
        case .mapAsync, .imapUnordered: break
        }
      }
      #expect(await eventually { inputs.taken > (end == .deadline ? 0 : 10) })
      switch end {
      case .deadline: break
      case .cancellation: call.cancel()
      case .termination: pool.terminate()
      }
      await #expect(throws: (any Error).self) { try await call.value }
      pool.terminate()
      await pool.join()
      // The element that was being made may come.
      try await Task.sleep(for: .milliseconds(30))
      let taken = inputs.taken
      try await Task.sleep(for: .milliseconds(50))
      #expect(inputs.taken == taken)
    }

    // MARK: - Encoders and decoders

    @Test(arguments: [Verb.map, .mapResults, .forEach, .mapReduce, .imap, .imapResults])
    func aDeadlineEndsACallWhoseValuesTakeLongToEncode(_ verb: Verb) async throws {
      try await withPool(workers: 2, worker: .faulty) { pool in
        _ = Sluggish.takeCounts()
        let inputs = (0..<1000).map { Sluggish($0, encodingTime: 10) }
        try await expectDeadline(verb, inputs, on: pool)
        #expect(Sluggish.takeCounts().encoded < 300)
      }
    }

    @Test(arguments: [Verb.map, .mapResults, .mapReduce, .imap, .imapResults])
    func aDeadlineEndsACallWhoseOutputsTakeLongToDecode(_ verb: Verb) async throws {
      try await withPool(workers: 2, worker: .faulty) { pool in
        _ = Sluggish.takeCounts()
        let inputs = (0..<1000).map { Sluggish($0, decodingTime: 10) }
        try await expectDeadline(verb, inputs, on: pool)
        #expect(Sluggish.takeCounts().decoded < 300)
      }
    }

    private func expectDeadline(_ verb: Verb, _ inputs: [Sluggish], on pool: Pool) async throws {
      let deadline = Duration.milliseconds(300)
      let error = try await poolError {
        switch verb {
        case .map: _ = try await pool.map(Plod(), over: inputs, deadline: deadline)
        case .mapResults:
          let results = await pool.mapResults(Plod(), over: inputs, deadline: deadline)
          #expect(results.count == inputs.count)
          _ = try results.last!.get()
        case .forEach: try await pool.forEach(Plod(), over: inputs, deadline: deadline)
        case .mapReduce:
          _ = try await pool.mapReduce(
            Plod(), over: inputs, startingWith: Sluggish(0), parts: 1000, deadline: deadline)
        case .imap:
          // Of what has come the consumer gets all; it stops.
          let end = ContinuousClock.now + deadline
          for try await _ in pool.imap(Plod(), over: inputs, deadline: deadline)
          where ContinuousClock.now > end {
            throw PoolError.deadlineExceeded(limit: deadline)
          }
        case .imapResults:
          let end = ContinuousClock.now + deadline
          for try await _ in pool.imapResults(Plod(), over: inputs, deadline: deadline)
          where ContinuousClock.now > end {
            throw PoolError.deadlineExceeded(limit: deadline)
          }
        case .mapAsync, .imapUnordered: break
        }
      }
      guard case .deadlineExceeded = error else { throw error }
    }
  }
}

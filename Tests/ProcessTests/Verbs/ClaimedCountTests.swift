import FaultyTasks
import ProcPool
import Testing

extension Processes.Verbs {
  /// What inputs say of their number is refused where it cannot fit, and otherwise not believed.
  @Suite struct ClaimedCounts {
    /// A collection that says that it has another number of elements than it has.
    struct Liar: RandomAccessCollection, Sendable {
      let startIndex = 0
      let endIndex: Int
      let elements: Range<Int>
      init(claiming count: Int, having elements: Int) {
        endIndex = count
        self.elements = 0..<elements
      }
      subscript(index: Int) -> Int { index }
      var underestimatedCount: Int { endIndex }
      func makeIterator() -> Range<Int>.Iterator { elements.makeIterator() }
    }

    private func expectTooMany(_ body: () async throws -> Void) async throws {
      let error = try await poolError(body)
      guard case .tooManyInputs(let message) = error else { throw error }
      #expect(message.contains("inputs"))
      #expect("\(error)" == message)
    }

    @Test func whatCannotFitIsRefusedBeforeAnythingIsRun() async throws {
      try await withPool(workers: 2, worker: .faulty) { pool in
        for count in [Int.max, .max - 1, .max / 8, .max / 8 + 1, .max / 16 + 1, 1 << 50] {
          try await expectTooMany { _ = try await pool.map(Echo(), over: 0..<count) }
          try await expectTooMany { _ = try await pool.map(Echo(), over: 0..<count, deadline: .seconds(5)) }
          try await expectTooMany { _ = try await pool.mapAsync(Echo(), over: 0..<count).value }
          try await expectTooMany {
            let results = await pool.mapResults(Echo(), over: 0..<count)
            #expect(results.count == 1)
            _ = try results[0].get()
          }
          try await expectTooMany { _ = try await pool.map(Echo(), over: Liar(claiming: count, having: 3)) }
        }
        try await expectTooMany { _ = try await pool.map(Echo(), over: 0...Int.max) }
        try await expectTooMany { _ = try await pool.map(Echo(), over: Int.min...Int.max) }
        try await expectTooMany { _ = try await pool.map(Echo(), over: (0..<Int.max).lazy.map { $0 }) }
        try await expectTooMany {
          _ = try await pool.map(EchoText(), over: (0..<Int.max).lazy.map { "\($0)" })
        }
        try await expectTooMany {
          _ = try await pool.mapReduce(
            SleepingSum(milliseconds: 0), over: (0..<Int.max).lazy.map { $0 }, startingWith: 0)
        }
        try await expectTooMany {
          _ = try await pool.mapReduce(SleepingSum(milliseconds: 0), over: Int.min...Int.max, startingWith: 0)
        }
        #expect(pool.callStatistics.isEmpty, "nothing was begun")
        #expect(try await pool.map(Echo(), over: 0..<10) == Array(0..<10))
      }
    }

    @Test func whatNeedNotFitIsRun() async throws {
      try await withPool(workers: 2, worker: .faulty) { pool in
        var iterator = pool.imap(Echo(), over: 0..<Int.max).makeAsyncIterator()
        for number in 0..<1000 {
          let output = try await iterator.next()
          #expect(output == number)
        }
        let error = try await poolError {
          try await pool.forEach(Echo(), over: Int.min..<Int.max, deadline: .milliseconds(100))
        }
        guard case .deadlineExceeded = error else { throw error }
        let reduced = try await poolError {
          try await pool.mapReduce(
            SleepingSum(milliseconds: 1), over: 0..<Int.max, startingWith: 0, deadline: .milliseconds(100))
        }
        guard case .deadlineExceeded = reduced else { throw reduced }
      }
    }

    @Test(arguments: [-3, 0, 1, 99, 100, 101, 5_000, 100_000_000])
    func aCollectionThatLiesGetsResultsForWhatItHas(_ claimed: Int) async throws {
      let liar = Liar(claiming: claimed, having: 100)
      try await withPool(workers: 2, worker: .faulty) { pool in
        for size in [1, 7, 1000, nil] {
          #expect(try await pool.map(Echo(), over: liar, chunkSize: size) == Array(0..<100))
          let results = await pool.mapResults(Echo(), over: liar, chunkSize: size)
          #expect(try results.map { try $0.get() } == Array(0..<100))
          var outputs: [Int] = []
          for try await output in pool.imap(Echo(), over: liar, chunkSize: size) { outputs.append(output) }
          #expect(outputs == Array(0..<100))
          try await pool.forEach(Discard(), over: liar, chunkSize: size)
          let texts = try await pool.map(EchoText(), over: liar.lazy.map { "\($0)" }, chunkSize: size)
          #expect(texts == (0..<100).map { "\($0)" })
        }
        for parts in [1, 3, 256, .max] {
          let sum = try await pool.mapReduce(
            SleepingSum(milliseconds: 0), over: liar, startingWith: 0, parts: parts)
          #expect(sum == 4950)
        }
      }
    }
  }

  /// Limits that exclude each other do not stop a stream.
  @Suite struct Extremes {
    @Test(arguments: [1, 2, 1000, 131_072, 131_073, 1 << 30, .max], [nil, 1, 10, Int.max])
    func anyChunkSizeGoesWithAnyLimit(_ chunkSize: Int, _ inFlight: Int?) async throws {
      try await withPool(workers: 2, worker: .faulty) { pool in
        var outputs: [Int] = []
        for try await output in pool.imap(Echo(), over: 0..<3000, chunkSize: chunkSize, inFlight: inFlight) {
          outputs.append(output)
        }
        #expect(outputs == Array(0..<3000))
        var count = 0
        for try await result in pool.imapResults(
          Echo(), over: 0..<3000, chunkSize: chunkSize, ordered: false, inFlight: inFlight)
        {
          _ = try result.get()
          count += 1
        }
        #expect(count == 3000)
        let asynchronous = AsyncStream { continuation in
          for number in 0..<100 { continuation.yield(number) }
          continuation.finish()
        }
        outputs = []
        for try await output in pool.imap(
          Echo(), over: asynchronous, chunkSize: chunkSize, inFlight: inFlight)
        {
          outputs.append(output)
        }
        #expect(outputs == Array(0..<100))
        #expect(try await pool.map(Echo(), over: 0..<3000, chunkSize: chunkSize) == Array(0..<3000))
      }
    }

    @Test func itemsBeyondTheLimitInBytesFailAndTheOthersEnd() async throws {
      try await withPool(
        workers: 2, worker: .faulty,
        configuration: PoolConfiguration(payloads: PayloadPolicy(maximum: .bytes(1 << 16)))
      ) { pool in
        for size in [1, 3, 1000, .max] {
          let inputs = (0..<30).map { [UInt8](repeating: 1, count: $0 % 3 == 1 ? 1 << 17 : 1 << 14) }
          var failures = 0
          var count = 0
          for try await result in pool.imapResults(EchoBytes(), over: inputs, chunkSize: size, inFlight: 2) {
            if case .failure(.notCodable) = result { failures += 1 }
            count += 1
          }
          #expect((count, failures) == (30, 10))
        }
      }
    }
  }
}

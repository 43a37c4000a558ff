import FaultyTasks
import ProcPool
import Synchronization
import Testing

extension Processes.Verbs {
  /// `imap` and its kin take inputs on demand, and give results in the order they say.
  @Suite struct Streams {
    /// An endless sequence that counts how many of its elements were taken.
    final class Endless: Sequence, Sendable {
      private let count = Mutex(0)
      var taken: Int { count.withLock { $0 } }
      func makeIterator() -> AnyIterator<Int> {
        AnyIterator {
          self.count.withLock {
            $0 += 1; return $0 - 1
          }
        }
      }
    }

    @Test(arguments: Kind.allCases) func imapKeepsTheOrder(_ kind: Kind) async throws {
      let inputs = (0..<60).map { ($0 * 7) % 9 }
      try await withPool(workers: 4, worker: kind.worker) { pool in
        for size in [1, 4, nil] {
          var outputs: [Int] = []
          for try await output in pool.imap(Sleep(), over: inputs, chunkSize: size) { outputs.append(output) }
          #expect(outputs == inputs)
        }
      }
    }

    @Test(arguments: Kind.allCases) func imapUnorderedGivesResultsAsTheyCome(_ kind: Kind) async throws {
      try await withPool(workers: 2, worker: kind.worker) { pool in
        var outputs: [Int] = []
        for try await output in pool.imapUnordered(Sleep(), over: [400, 1, 2, 3], chunkSize: 1) {
          outputs.append(output)
        }
        #expect(outputs.sorted() == [1, 2, 3, 400])
        #expect(outputs.last == 400)
      }
    }

    @Test(arguments: Kind.allCases, [1, 3, 64])
    func anEndlessSequenceIsTakenOnDemand(_ kind: Kind, chunkSize: Int) async throws {
      let inputs = Endless()
      try await withPool(workers: 2, worker: kind.worker) { pool in
        let stream = pool.imap(Echo(), over: inputs, chunkSize: chunkSize, inFlight: 2 * chunkSize)
        try await Task.sleep(for: .milliseconds(20))
        #expect(inputs.taken == 0, "nothing was asked for yet")
        var iterator = stream.makeAsyncIterator()
        for expected in 0..<200 {
          let output = try await iterator.next()
          #expect(output == expected)
          #expect(inputs.taken <= expected + 1 + 2 * chunkSize)
        }
        try await Task.sleep(for: .milliseconds(50))
        #expect(inputs.taken <= 200 + 2 * chunkSize, "a consumer that stops stops the workers")
      }
    }

    @Test func anUnlimitedStreamIsBoundedAllTheSame() async throws {
      let inputs = Endless()
      try await withPool(workers: 2, worker: .faulty) { pool in
        var iterator = pool.imap(Echo(), over: inputs).makeAsyncIterator()
        for _ in 0..<50_000 { _ = try await iterator.next() }
        let taken = inputs.taken
        try await Task.sleep(for: .milliseconds(50))
        #expect(inputs.taken == taken)
        #expect(taken < 50_000 + 8 * 2 * (1 << 14))
      }
    }

    @Test(arguments: Kind.allCases) func leavingTheLoopCancelsTheCall(_ kind: Kind) async throws {
      let inputs = Endless()
      try await withPool(workers: 2, worker: kind.worker) { pool in
        for try await output in pool.imap(Delay(milliseconds: 1), over: inputs) where output == 20 { break }
        let taken = inputs.taken
        let outputs = try await pool.map(Echo(), over: 0..<1000)
        #expect(outputs == Array(0..<1000))
        #expect(inputs.taken == taken)
      }
    }

    @Test(arguments: Kind.allCases, [true, false])
    func imapResultsGoesOnAfterItemsThatFail(_ kind: Kind, ordered: Bool) async throws {
      let bad: Set = [0, 5, 6, 49]
      try await withPool(workers: 2, worker: kind.worker) { pool in
        for size in [1, 4, nil] {
          var items: [Int] = []
          for try await result in pool.imapResults(
            ThrowAt(bad), over: 0..<50, chunkSize: size, ordered: ordered)
          {
            switch result {
            case .success(let value):
              #expect(!bad.contains(value))
              items.append(value)
            case .failure(let error):
              let item = try #require(error.item?.index)
              #expect(bad.contains(item))
              items.append(item)
            }
          }
          #expect(ordered ? items == Array(0..<50) : items.sorted() == Array(0..<50))
        }
      }
    }

    @Test(arguments: Kind.allCases) func imapEndsWithTheErrorOfAFailingItemWhenItsTurnComes(_ kind: Kind)
      async throws
    {
      try await withPool(workers: 2, worker: kind.worker) { pool in
        var outputs: [Int] = []
        let error = try await poolError {
          for try await output in pool.imap(ThrowAt([30]), over: 0..., chunkSize: 4) {
            outputs.append(output)
          }
        }
        #expect(error.item?.index == 30)
        #expect(outputs == Array(0..<30))
      }
    }

    @Test(arguments: Kind.allCases) func anAsynchronousSequenceIsTakenOnDemandToo(_ kind: Kind) async throws {
      let taken = Mutex(0)
      let inputs = AsyncStream<Int> {
        taken.withLock {
          $0 += 1; return $0 - 1
        }
      }
      try await withPool(workers: 2, worker: kind.worker) { pool in
        var outputs: [Int] = []
        for try await output in pool.imap(Echo(), over: inputs, inFlight: 8) {
          outputs.append(output)
          if output == 99 { break }
        }
        #expect(outputs == Array(0..<100))
        let count = taken.withLock { $0 }
        #expect(count < 200)
        try await Task.sleep(for: .milliseconds(50))
        #expect(taken.withLock { $0 } <= count + 8)
      }
    }

    @Test(arguments: Kind.allCases) func whatASequenceThrowsIsThrownAfterWhatCameBefore(_ kind: Kind)
      async throws
    {
      let inputs = AsyncThrowingStream<Int, any Error> { continuation in
        for value in 0..<10 { continuation.yield(value) }
        continuation.finish(throwing: Misfit(value: 10))
      }
      try await withPool(workers: 2, worker: kind.worker) { pool in
        var outputs: [Int] = []
        await #expect(throws: Misfit(value: 10)) {
          for try await output in pool.imap(Echo(), over: inputs) { outputs.append(output) }
        }
        #expect(outputs == Array(0..<10))
      }
    }

    @Test(arguments: Kind.allCases) func eachIterationIsACallOfItsOwn(_ kind: Kind) async throws {
      try await withPool(workers: 2, worker: kind.worker) { pool in
        let stream = pool.imap(Echo(), over: 0..<100)
        for _ in 0..<3 {
          var outputs: [Int] = []
          for try await output in stream { outputs.append(output) }
          #expect(outputs == Array(0..<100))
        }
      }
    }

    @Test func aStreamKeepsItsPool() async throws {
      var iterator = try Pool(workers: 1, worker: .faulty).imap(Echo(), over: 0..<10).makeAsyncIterator()
      for expected in 0..<10 {
        let output = try await iterator.next()
        #expect(output == expected)
      }
    }
  }
}

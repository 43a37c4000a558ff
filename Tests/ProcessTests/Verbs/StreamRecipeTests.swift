import FaultyTasks
import ProcPool
import Synchronization
import Testing

extension Processes.Verbs {
  /// A stream is a recipe: it can be kept, sent and iterated as often as one likes, each time as a call of its own.
  @Suite struct StreamsAsRecipes {
    @Test(arguments: Kind.allCases) func aStreamIsTheInputOfAnother(_ kind: Kind) async throws {
      try await withPool(workers: 2, worker: kind.worker) { (pool) async throws in
        let inputs = 0..<500
        let first = pool.imap(Echo(), over: inputs, chunkSize: 16)
        var outputs: [Int] = []
        for try await output in pool.imap(Echo(), over: first) { outputs.append(output) }
        #expect(outputs == Array(inputs))
        #expect(try await pool.map(Echo(), over: pool.imapUnordered(Echo(), over: first)).count == 500)
        #expect(try await pool.map(Echo(), over: pool.imap(Echo(), over: inputs)) == Array(inputs))
      }
    }

    @Test func anEndlessStreamOverAnotherIsTakenOnDemand() async throws {
      let inputs = Streams.Endless()
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        let first = pool.imap(Echo(), over: inputs, chunkSize: 4, inFlight: 8)
        var iterator = pool.imap(Echo(), over: first, chunkSize: 4, inFlight: 8).makeAsyncIterator()
        for expected in 0..<200 { #expect(try await iterator.next() == expected) }
        // The inputs in flight of each stream, and those that were fetched for the second one.
        #expect(inputs.taken <= 200 + 4 * (8 + 4))
      }
    }

    @Test(arguments: Kind.allCases) func twoIteratorsAreTwoCalls(_ kind: Kind) async throws {
      let inputs = Streams.Endless()
      try await withPool(workers: 2, worker: kind.worker) { pool in
        let calls = pool.callStatistics.count
        let stream = pool.imap(Echo(), over: inputs.prefix(100), chunkSize: 4)
        #expect(inputs.taken == 0)
        var one = stream.makeAsyncIterator()
        var other = stream.makeAsyncIterator()
        var pairs: [[Int]] = []
        while let first = try await one.next(), let second = try await other.next() {
          pairs.append([first, second])
        }
        #expect(pairs.count == 100)
        #expect(
          Set(pairs.joined()) == Set(0..<200), "the sequence counts on, whichever iterator takes from it")
        #expect(pool.callStatistics.count == calls + 2)
      }
    }

    @Test(arguments: Kind.allCases) func tasksOfAGroupShareAStream(_ kind: Kind) async throws {
      try await withPool(workers: 2, worker: kind.worker) { pool in
        let stream = pool.imap(Echo(), over: 0..<300)
        let sums = try await withThrowingTaskGroup(of: Int.self) { group in
          for _ in 0..<4 { group.addTask { try await stream.reduce(0, +) } }
          return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(sums == Array(repeating: 300 * 299 / 2, count: 4))
      }
    }

    @Test func theAlgorithmsOfTheStandardLibraryApply() async throws {
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        let stream = pool.imap(Echo(), over: 0..<100)
        #expect(try await stream.map { $0 * 10 }.filter { $0 > 20 }.prefix(3).reduce(0, +) == 30 + 40 + 50)
        async let first = stream.first { $0 > 41 }
        #expect(try await first == 42)
        #expect(try await stream.contains(99))
        let erased: any AsyncSequence<Int, any Error> & Sendable = stream
        let last = try await Task {
          var last: Int?
          for try await output in erased { last = output }
          return last
        }.value
        #expect(last == 99)
      }
    }

    @Test(arguments: Kind.allCases) func aLazySequenceStaysLazy(_ kind: Kind) async throws {
      let made = Mutex(0)
      let numbers = (0...).lazy.map { number in
        made.withLock { $0 += 1 }
        return number
      }
      try await withPool(workers: 2, worker: kind.worker) { (pool) async throws in
        var outputs: [Int] = []
        for try await output in pool.imap(Echo(), over: numbers, chunkSize: 4, inFlight: 8) {
          outputs.append(output)
          if output == 99 { break }
        }
        #expect(outputs == Array(0..<100))
        // Written where it is passed, where an array would fit the verb as well: this would never end.
        var even: [Int] = []
        for try await output in pool.imapUnordered(
          Echo(), over: (0...).lazy.filter { $0 % 2 == 0 }, inFlight: 8)
        {
          even.append(output)
          if even.count == 10 { break }
        }
        #expect(even.allSatisfy { $0 % 2 == 0 })
        for try await result in pool.imapResults(Discard(), over: (0...).lazy.map { $0 }) {
          try result.get()
          break
        }
        for try await item in pool.imapItems(Echo(), over: (7...).lazy.map { $0 }) {
          #expect(item.index == 0 && item.input == 7)
          break
        }
      }
      #expect(made.withLock { $0 } <= 100 + 8 + 4)
    }
  }
}

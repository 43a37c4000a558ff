import FaultyTasks
import ProcPool
import Testing

extension Processes.Verbs {
  /// `imapItems` yields each result with its input and the position of that.
  @Suite struct StreamsOfItems {
    private let bad: Set = [0, 5, 6, 49]

    /// Inputs that differ from their positions.
    private let inputs = (0..<50).map { 1_000 - $0 }

    private func check(_ items: [ItemResult<Int, Int>], failing: Set<Int>) throws {
      #expect(items.map(\.index).sorted() == Array(0..<50))
      for item in items {
        #expect(item.input == inputs[item.index])
        switch item.result {
        case .success(let output): #expect(output == item.input && !failing.contains(item.index))
        case .failure(let error): #expect(error.item?.index == item.index && failing.contains(item.index))
        }
      }
    }

    @Test(arguments: Kind.allCases, [true, false])
    func eachResultHasItsInput(_ kind: Kind, ordered: Bool) async throws {
      let task = ThrowAt(Set(bad.map { 1_000 - $0 }))
      try await withPool(workers: 3, worker: kind.worker) { pool in
        for size in [1, 4, nil] {
          var items: [ItemResult<Int, Int>] = []
          for try await item in pool.imapItems(task, over: inputs, chunkSize: size, ordered: ordered) {
            items.append(item)
          }
          try check(items, failing: bad)
          if ordered { #expect(items.map(\.index) == Array(0..<50)) }
        }
      }
    }

    @Test(arguments: Kind.allCases, [true, false])
    func overAnAsynchronousSequenceToo(_ kind: Kind, ordered: Bool) async throws {
      let stream = AsyncStream { continuation in
        for input in inputs { continuation.yield(input) }
        continuation.finish()
      }
      try await withPool(workers: 3, worker: kind.worker) { pool in
        var items: [ItemResult<Int, Int>] = []
        for try await item in pool.imapItems(Echo(), over: stream, chunkSize: 4, ordered: ordered) {
          items.append(item)
        }
        try check(items, failing: [])
      }
    }

    @Test func anItemThatCannotBeEncodedHasItsInputToo() async throws {
      try await withPool(
        workers: 2, worker: .faulty,
        configuration: PoolConfiguration(payloads: PayloadPolicy(maximum: .bytes(1 << 16)))
      ) { pool in
        let lengths = [1, 1 << 20, 3]
        var failed: [Int] = []
        for try await item in pool.imapItems(
          EchoBytes(), over: lengths.map { [UInt8](repeating: 7, count: $0) })
        {
          #expect(item.input.count == lengths[item.index])
          if case .failure(.notCodable) = item.result { failed.append(item.index) }
        }
        #expect(failed == [1])
      }
    }

    @Test func endlessInputsAreTakenOnDemand() async throws {
      let inputs = Streams.Endless()
      try await withPool(workers: 2, worker: .faulty) { pool in
        var next = 0
        for try await item in pool.imapItems(Echo(), over: inputs, chunkSize: 4, inFlight: 8) {
          #expect(item.index == next && item.input == next)
          #expect(inputs.taken <= next + 1 + 8 + 4)
          next += 1
          if next == 500 { break }
        }
      }
    }
  }
}

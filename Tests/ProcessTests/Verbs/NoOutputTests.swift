import FaultyTasks
import ProcPool
import Testing

extension Processes.Verbs {
  /// The verbs that yield a result per item accept tasks that return nothing.
  @Suite struct TasksWithoutOutput {
    private let bad: Set = [0, 5, 6, 49]

    /// An asynchronous sequence that has ended.
    private let stream = AsyncStream { continuation in
      for input in 0..<50 { continuation.yield(input) }
      continuation.finish()
    }

    private func isFailure(_ result: Result<Void, PoolError>, of index: Int) -> Bool {
      switch result {
      case .success: return false
      case .failure(let error):
        #expect(error.item?.index == index && error.cause(as: Misfit.self)?.value == index)
        return true
      }
    }

    @Test("mapResults over an asynchronous sequence", arguments: Kind.allCases)
    func mapResults(_ kind: Kind) async throws {
      try await withPool(workers: 3, worker: kind.worker) { pool in
        let results = try await pool.mapResults(RejectAt(bad), over: stream, chunkSize: 4)
        #expect(results.count == 50)
        #expect(Set(results.indices.filter { isFailure(results[$0], of: $0) }) == bad)
      }
    }

    @Test("imapResults over an asynchronous sequence", arguments: Kind.allCases)
    func imapResults(_ kind: Kind) async throws {
      try await withPool(workers: 3, worker: kind.worker) { pool in
        var failed: Set<Int> = []
        var count = 0
        for try await result in pool.imapResults(RejectAt(bad), over: stream, chunkSize: 4) {
          if isFailure(result, of: count) { failed.insert(count) }
          count += 1
        }
        #expect(count == 50 && failed == bad)
      }
    }

    @Test("imapItems over an asynchronous sequence", arguments: Kind.allCases, [true, false])
    func imapItems(_ kind: Kind, ordered: Bool) async throws {
      try await withPool(workers: 3, worker: kind.worker) { pool in
        var failed: Set<Int> = []
        var indices: [Int] = []
        for try await item in pool.imapItems(RejectAt(bad), over: stream, chunkSize: 4, ordered: ordered) {
          #expect(item.input == item.index)
          if isFailure(item.result, of: item.index) { failed.insert(item.index) }
          indices.append(item.index)
        }
        #expect(indices.sorted() == Array(0..<50) && failed == bad)
        if ordered { #expect(indices == Array(0..<50)) }
      }
    }
  }
}

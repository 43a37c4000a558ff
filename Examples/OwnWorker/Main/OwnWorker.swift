// A program whose workers are another executable, which lies beside it.

import OwnWorkerTasks
import ProcPool

@main
struct OwnWorker {
  static func main() async throws {
    try await withPool(workers: 2, worker: .executable(named: "OwnWorkerWorker")) { pool in
      let paths = try await pool.map(CollatzPath(limit: 1000), over: 1..<10_000)
      let longest = paths.max { $0.steps < $1.steps }!
      print("below 10000, the longest path to 1 is that of \(longest.start): \(longest.steps) steps")

      // One result per item, so that an item that fails is a value among the others.
      for result in await pool.mapResults(CollatzPath(limit: 10), over: 5...7) {
        switch result {
        case .success(let path): print("\(path.start): \(path.steps) steps")
        case .failure(.taskFailed(let failure)):
          let error = failure.underlying as! TooLong
          print("\(error.start): more than \(error.limit) steps")
        case .failure(let error): throw error
        }
      }
    }
  }
}

// A program whose workers run a dedicated executable from the same directory.

import OwnWorkerTasks
import ProcPool

@main
struct OwnWorker {
  static func main() async throws {
    try await withPool(workers: 2, worker: .executable(named: "OwnWorkerWorker")) { pool in
      let paths = try await pool.map(CollatzPath(limit: 1000), over: 1..<10_000)
      let longest = paths.max { $0.steps < $1.steps }!
      print("the longest path to 1 below 10000 starts at \(longest.start): \(longest.steps) steps")

      // One result per item: a failed item does not stop the others.
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

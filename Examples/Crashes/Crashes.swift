// A worker that dies fails the one item it was running, and the error names that item.

import Glibc
import ProcPool

/// Kills its process for one input, as a bug in a C library could.
struct Fragile: PoolTask {
  func run(_ input: Int) -> Int {
    if input == 7 { kill(getpid(), SIGKILL) }
    return input * input
  }
}

/// Kills its process at the first attempt for one input.
struct Moody: PoolTask {
  func run(_ input: Int) -> String {
    if input == 3, TaskContext.current?.attempt == 1 { kill(getpid(), SIGKILL) }
    return "\(input), at attempt \(TaskContext.current?.attempt ?? 0)"
  }
}

@main
struct Crashes: PoolProgram {
  static func run() async throws {
    try await withPool(workers: 2) { pool in
      let results = await pool.mapResults(Fragile(), over: 0..<100)
      print("\(results.count { (try? $0.get()) != nil }) of 100 items have a result")
      for case .failure(.workerLost(let autopsy)) in results {
        print("item \(autopsy.item.index) was lost: its worker ended by \(autopsy.loss.end)")
      }

      // With `retry:`, an item whose worker was lost is started again.
      let outputs = try await pool.map(Moody(), over: 1...4, retry: .atLeastOnce(maximumAttempts: 3))
      print(outputs.joined(separator: "; "))
      print("workers lost: \(pool.statistics.workersLost)")
    }
  }
}

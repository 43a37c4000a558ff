// Each worker keeps what it has computed for the other items of the call.
// A later call with the same task may find it as well: workers keep tasks that take long to prepare.

import ProcPool

/// The number of steps from a number to 1, if it is halved when even, and otherwise tripled and increased by 1.
struct Steps: PoolTask {
  @WorkerLocal var known: [Int: Int]  // never sent; need not be Codable or Sendable

  // Runs in each worker, before its first item.
  func prepare() { known = [1: 0] }

  func run(_ start: Int) -> Int {
    var path: [Int] = []
    var number = start
    while known[number] == nil {
      path.append(number)
      number = number.isMultiple(of: 2) ? number / 2 : 3 * number + 1
    }
    var steps = known[number]!
    for number in path.reversed() {
      steps += 1
      known[number] = steps
    }
    return steps
  }
}

@main
struct Memoised: PoolProgram {
  static func run() async throws {
    try await withPool(workers: 2) { pool in
      let steps = try await pool.map(Steps(), over: 1...100_000)
      let longest = steps.indices.max { steps[$0] < steps[$1] }!
      print("up to 100000, \(longest + 1) takes the most steps: \(steps[longest])")
    }
  }
}

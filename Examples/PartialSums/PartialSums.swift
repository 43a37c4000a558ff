// The sum of 1/k, leaving out every k that has a 9 among its digits. It converges, if slowly: to 22.92….

import ProcPool

struct Term: ReducingTask {
  func run(_ k: Int) -> Double {
    var rest = k
    while rest > 0 {
      if rest % 10 == 9 { return 0 }
      rest /= 10
    }
    return 1 / Double(k)
  }

  // Runs in the workers: a million terms come back as a few numbers.
  func combine(_ term: Double, into sum: inout Double) { sum += term }
}

@main
struct PartialSums: PoolProgram {
  static func run() async throws {
    try await withPool(workers: 2) { pool in
      for count in [10, 1_000, 100_000, 10_000_000] {
        let sum = try await pool.mapReduce(Term(), over: 1...count, startingWith: 0)
        print("\(count) terms: \(sum)")
      }
    }
    // Where the brackets of the sum are depends on the inputs alone, and so do its last digits.
    let alone = try await withPool(workers: 1) { pool in
      try await pool.mapReduce(Term(), over: 1...100_000, startingWith: 0)
    }
    print("one worker gives \(alone), to the last digit")
  }
}

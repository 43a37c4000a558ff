// The sum of 1/k over all k without a digit 9. It converges slowly, to 22.92….
// Outputs are combined in the workers.

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

  // Runs in the workers, so that millions of terms return as a few numbers.
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
    // The order of the additions, and so the last digits, depend on the inputs alone.
    let alone = try await withPool(workers: 1) { pool in
      try await pool.mapReduce(Term(), over: 1...100_000, startingWith: 0)
    }
    print("one worker gives \(alone), to the last digit")
  }
}

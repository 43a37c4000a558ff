// The sum of 1/k over all k up to 10⁸ without a digit 9, in intervals, timed on 1, 2, 4 and 8 workers.

import ProcPool

struct Interval: PoolTask {
  func run(_ interval: Range<Int>) -> Double {
    var sum = 0.0
    for k in interval where !hasNine(k) { sum += 1 / Double(k) }
    return sum
  }

  private func hasNine(_ k: Int) -> Bool {
    var rest = k
    while rest > 0 {
      if rest % 10 == 9 { return true }
      rest /= 10
    }
    return false
  }
}

@main
struct SlowSeries: PoolProgram {
  static func run() async throws {
    let terms = 100_000_000
    // More intervals than workers, because intervals that skip many terms take less time.
    let length = terms / 64
    let intervals = stride(from: 1, to: terms + 1, by: length).map { $0..<min($0 + length, terms + 1) }

    var alone: Double?
    print("workers  sum         time     speed-up")
    for workers in [1, 2, 4, 8] {
      try await withPool(workers: workers) { pool in
        // Starts the workers before the measurement.
        _ = try await pool.broadcast(Interval(), to: 1..<2)
        var sum = 0.0
        let elapsed = try await ContinuousClock().measure {
          sum = try await pool.map(Interval(), over: intervals).reduce(0, +)
        }
        let seconds = elapsed / .seconds(1)
        alone = alone ?? seconds
        print(
          "\(workers)        \(digits(sum, 7))  \(digits(seconds, 3)) s  \(digits(alone! / seconds, 2)) ×")
      }
    }
  }

  static func digits(_ number: Double, _ decimals: Int) -> String {
    let scale = (0..<decimals).reduce(1.0) { scale, _ in scale * 10 }
    return "\((number * scale).rounded() / scale)"
  }
}

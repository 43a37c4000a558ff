import BenchTasks
import ProcPool

/// Round trips of payloads: what a byte costs, once there are many of them.
struct PayloadScenario: Scenario {
  /// The sizes of payloads, and how many round trips make a run that is long enough to be timed.
  static let sizes: [(name: String, bytes: Int, trips: Int)] = [
    ("1B", 1, 500), ("1KiB", 1 << 10, 500), ("64KiB", 64 << 10, 200), ("1MiB", 1 << 20, 32),
    ("16MiB", 16 << 20, 4), ("64MiB", 64 << 20, 1),
  ]

  func run(in context: BenchContext) async throws {
    let runs = context.options.runs(usual: 3, quickly: 2)
    try await context.withWorkers { pool in
      for (name, bytes, trips) in Self.sizes where context.includes(name) {
        // Two payloads that take turns, because a reply that was kept from the trip before is then found out.
        var random = RandomNumbers(seed: context.options.seed, sample: bytes)
        let payloads = [random.bytes(count: bytes), random.bytes(count: bytes)]
        try await context.recorder.measure(
          context.key(CaseLabel(name), "echo"), items: trips, runs: runs, on: pool
        ) {
          var replies: [[UInt8]] = []
          for trip in 0..<trips { replies.append(try await pool.apply(Echo(), to: payloads[trip % 2])) }
          return replies
        } verify: { replies in
          replies.count == trips && replies.enumerated().allSatisfy { $1 == payloads[$0 % 2] }
        }
      }
    }
    context.note("An item is one payload, there and back by apply; bytes/s counts both ways.")
  }
}

import BenchTasks
import ProcPool

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Round trips of payloads: what a byte costs, once there are many of them.
struct PayloadScenario: Scenario {
  /// The sizes of payloads, and how many round trips make a run that is long enough to be timed.
  static let sizes: [(name: String, bytes: Int, trips: Int)] = [
    ("1B", 1, 500), ("1KiB", 1 << 10, 500), ("64KiB", 64 << 10, 200), ("1MiB", 1 << 20, 32),
    ("16MiB", 16 << 20, 4), ("64MiB", 64 << 20, 1), ("256MiB", 256 << 20, 1),
  ]

  func run(in context: BenchContext) async throws {
    let runs = context.options.runs(usual: 3, quickly: 2)
    try await context.withWorkers { pool in
      for (name, bytes, trips) in Self.sizes where context.includes(name) {
        // 256 MiB take two gigabytes in all processes together, and seconds.
        let isHuge = bytes > 64 << 20
        if context.options.quick, isHuge { continue }
        let runs =
          isHuge || bytes > 1 << 20 && context.options.quick
          ? context.options.runs(usual: 1, quickly: 1) : runs
        // Two payloads that take turns, because a reply that was kept from the trip before is then found out.
        var random = RandomNumbers(seed: context.options.seed, sample: bytes)
        let payloads = (0..<min(2, trips)).map { _ in random.bytes(count: bytes) }
        try await context.recorder.measure(
          context.key(CaseLabel(name), "echo"), items: trips, runs: runs, on: pool
        ) {
          // A reply goes before the next one comes, as in most programs. Of each a few bytes are looked at, and
          // of the last all: to compare them takes as long as some of the copies do.
          var last: [UInt8] = []
          for trip in 0..<trips {
            let payload = payloads[trip % 2]
            last = []
            last = try await pool.apply(Echo(), to: payload)
            let place = (trip &* 0x9E37_79B9) % bytes
            guard last.count == bytes, last[place] == payload[place], last.last == payload.last else {
              return []
            }
          }
          return last
        } verify: {
          $0 == payloads[(trips - 1) % 2]
        }
        try await bare(name, payloads, trips: trips, runs: runs, context)
        try await shared(name, payloads, trips: trips, runs: runs, on: pool, context)
      }
    }
    context.note(
      "An item is one payload, there and back by apply. echo sends it; with shared it lies in shared memory, and the "
        + "worker copies it to where the reply is to be; bare-copies copies it four times into new memory. bytes/s counts what went through pipes, both ways."
    )
    if let crossover = Self.crossover(context.recorder.measurements) { context.add(crossover) }
  }

  /// As many copies as an echo takes, into new memory each, and nothing else.
  private func bare(
    _ name: String, _ payloads: [[UInt8]], trips: Int, runs: Int, _ context: BenchContext
  ) async throws {
    try await context.recorder.measure(
      context.key(CaseLabel(name), "bare-copies", workers: 0), items: trips, runs: runs
    ) {
      var last: [UInt8] = []
      for trip in 0..<trips {
        last = payloads[trip % 2]
        // In and out of what the two sides share, there and back.
        for _ in 0..<4 { last = last.withUnsafeBytes { Array($0) } }
      }
      return last
    } verify: {
      $0 == payloads[(trips - 1) % 2]
    }
  }

  private func shared(
    _ name: String, _ payloads: [[UInt8]], trips: Int, runs: Int, on pool: Pool, _ context: BenchContext
  ) async throws {
    let sources = try payloads.map { try SharedArray($0) }
    let reply = try SharedArray(repeating: UInt8(0), count: payloads[0].count)
    try await context.recorder.measure(
      context.key(CaseLabel(name), "shared"), items: trips, runs: runs, on: pool
    ) {
      for trip in 0..<trips {
        try await pool.apply(SharedEcho(), to: .init(payload: sources[trip % 2], reply: reply))
      }
    } verify: {
      let isRight = Array(reply) == payloads[(trips - 1) % 2]
      reply.withMutableSpan { $0.update(repeating: 0) }
      return isRight
    }
  }

  /// From what size on sharing is faster, at that size and at all that are larger.
  static func crossover(_ measurements: [Measurement]) -> Figure? {
    func seconds(_ name: String, _ strategy: String) -> Double? {
      measurements.first { $0.key.label.name == name && $0.key.strategy == strategy }?.statistics.median
    }
    let times = sizes.compactMap { size in
      if let echo = seconds(size.name, "echo"), let shared = seconds(size.name, "shared") {
        (bytes: Double(size.bytes), ratio: echo / shared)
      } else {
        nil
      }
    }
    guard times.count > 1 else { return nil }
    let name = "crossover"
    guard let first = times.lastIndex(where: { $0.ratio < 1 }).map({ $0 + 1 }) ?? times.indices.first,
      first < times.count
    else {
      return Figure(name: name, value: nil, unit: "bytes", text: "sharing was not faster at any size")
    }
    guard first > 0 else {
      return Figure(
        name: name, value: times[0].bytes, unit: "bytes", text: "sharing was faster at every size measured")
    }
    // Between two sizes the ratio is taken for a power of the size.
    let (low, high) = (times[first - 1], times[first])
    let share = -log(low.ratio) / (log(high.ratio) - log(low.ratio))
    let bytes = exp(log(low.bytes) + share * (log(high.bytes) - log(low.bytes)))
    return Figure(
      name: name, value: bytes, unit: "bytes", text: "sharing is faster from about \(Units.bytes(bytes)) on")
  }
}

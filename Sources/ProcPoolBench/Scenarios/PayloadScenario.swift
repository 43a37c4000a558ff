import BenchTasks
import Glibc
import ProcPool

/// Round trips of payloads: the cost per byte.
struct PayloadScenario: Scenario {
  /// The sizes of payloads, and the number of round trips per run, so that a run is long enough to
  /// be timed.
  static let sizes: [(name: String, bytes: Int, trips: Int)] = [
    ("1B", 1, 500), ("1KiB", 1 << 10, 500), ("64KiB", 64 << 10, 200), ("1MiB", 1 << 20, 32),
    ("16MiB", 16 << 20, 4), ("64MiB", 64 << 20, 1), ("256MiB", 256 << 20, 1),
  ]

  func run(in context: BenchContext) async throws {
    let runs = context.options.runs(usual: 3, quickly: 2)
    try await context.withWorkers { pool in
      for (name, bytes, trips) in Self.sizes where context.includes(name) {
        // 256 MiB need two gigabytes in all processes together, and take seconds.
        let isHuge = bytes > 64 << 20
        if context.options.quick, isHuge { continue }
        let runs =
          isHuge || bytes > 1 << 20 && context.options.quick
          ? context.options.runs(usual: 1, quickly: 1) : runs
        // Two alternating payloads, so that a reply kept from the previous trip is detected.
        var random = RandomNumbers(seed: context.options.seed, sample: bytes)
        let payloads = (0..<min(2, trips)).map { _ in random.bytes(count: bytes) }
        try await context.recorder.measure(
          context.key(CaseLabel(name), "echo"), items: trips, runs: runs, on: pool
        ) {
          // Each reply is released before the next one arrives, as in most programs. A few bytes of
          // each are verified, and all bytes of the last, because comparing takes as long as some
          // of the copies.
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
      "An item is the round trip of one payload by apply. echo sends it. shared keeps it in shared memory, where the "
        + "worker copies it to the reply. bare-copies copies it four times into new memory. bytes/s counts the bytes in pipes, both ways."
    )
    if let crossover = Self.crossover(context.recorder.measurements) { context.add(crossover) }
  }

  /// Measures as many copies as an echo makes, each into new memory.
  private func bare(
    _ name: String, _ payloads: [[UInt8]], trips: Int, runs: Int, _ context: BenchContext
  ) async throws {
    try await context.recorder.measure(
      context.key(CaseLabel(name), "bare-copies", workers: 0), items: trips, runs: runs
    ) {
      var last: [UInt8] = []
      for trip in 0..<trips {
        last = payloads[trip % 2]
        // Into the memory shared by both sides and out of it, in both directions.
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

  /// Returns the size from which sharing is faster, whatever is within noise.
  ///
  /// It is between the last size at which sending is clearly faster and the next one at which sharing is.
  static func crossover(_ measurements: [Measurement]) -> Figure? {
    func measurement(_ name: String, _ strategy: String) -> Measurement? {
      measurements.first { $0.key.label.name == name && $0.key.strategy == strategy }
    }
    let sizes = sizes.compactMap { size -> (bytes: Double, ratio: Double, winner: Strategy?)? in
      guard let echo = measurement(size.name, "echo"), let shared = measurement(size.name, "shared") else {
        return nil
      }
      let winner: Strategy? =
        Noise.isClear(shared, before: echo) ? .shared : Noise.isClear(echo, before: shared) ? .message : nil
      return (Double(size.bytes), echo.statistics.median / shared.statistics.median, winner)
    }
    guard sizes.count > 1 else { return nil }
    func figure(_ bytes: Double?, _ text: String) -> Figure {
      Figure(name: "crossover", value: bytes, unit: "bytes", text: text)
    }
    let low = sizes.lastIndex { $0.winner == .message }
    guard let high = sizes[(low.map { $0 + 1 } ?? 0)...].firstIndex(where: { $0.winner == .shared }) else {
      return figure(nil, "sharing was not faster at any size")
    }
    guard let low else {
      let bytes = sizes[high].bytes
      return high == 0
        ? figure(bytes, "sharing was faster at every size measured")
        : figure(bytes, "sharing is faster from \(Units.bytes(bytes)) on")
    }
    // Between two sizes, the ratio is interpolated as a power of the size.
    let (before, after) = (sizes[low], sizes[high])
    let share = -log(before.ratio) / (log(after.ratio) - log(before.ratio))
    let bytes = exp(log(before.bytes) + share * (log(after.bytes) - log(before.bytes)))
    return figure(bytes, "sharing is faster from about \(Units.bytes(bytes)) on")
  }
}

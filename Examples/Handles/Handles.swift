// Handles of running items: polled, awaited with a limit, awaited by a callback, and cancelled.

import ProcPool

struct Nap: PoolTask {
  func run(_ milliseconds: Int) async throws -> Int {
    try await Task.sleep(for: .milliseconds(milliseconds))
    return milliseconds
  }
}

@main
struct Handles: PoolProgram {
  static func run() async throws {
    try await withPool(workers: 2) { pool in
      // Poll.
      let brief = pool.applyAsync(Nap(), to: 50)
      var polls = 0
      while !brief.isReady {
        polls += 1
        try await Task.sleep(for: .milliseconds(5))
      }
      print("not ready at first: \(polls > 0); it slept for \(try await brief.value) ms")

      // Wait with a limit. The item keeps running after the limit.
      let long = pool.applyAsync(Nap(), to: 300)
      print("ready within 20 ms: \(await long.wait(for: .milliseconds(20)))")
      print("ready within 10 s: \(await long.wait(for: .seconds(10)))")

      // A callback is a Swift task that awaits the output.
      let callback = Task {
        print("it slept for \(try await pool.apply(Nap(), to: 10)) ms, as the callback reports")
      }
      try await callback.value

      // Start several items at once, and await them in order.
      let naps = [30, 20, 10].map { pool.applyAsync(Nap(), to: $0) }
      for nap in naps { print("slept for \(try await nap.value) ms") }

      // Cancel.
      let unneeded = pool.applyAsync(Nap(), to: 60_000)
      unneeded.cancel()
      do { _ = try await unneeded.value } catch PoolError.cancelled { print("cancelled") }
    }
  }
}

// Work that goes on while this program does something else: asked about, waited for, and told of when it is done.

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
      // Polling.
      let brief = pool.applyAsync(Nap(), to: 50)
      var looks = 0
      while !brief.isReady {
        looks += 1
        try await Task.sleep(for: .milliseconds(5))
      }
      print("ready after some looks: \(looks > 0); it slept for \(try await brief.value) ms")

      // For as long as one has patience. The work goes on.
      let long = pool.applyAsync(Nap(), to: 300)
      print("ready within 20 ms: \(await long.wait(for: .milliseconds(20)))")
      print("ready within 10 s: \(await long.wait(for: .seconds(10)))")

      // A callback is a Swift task that waits.
      let callback = Task {
        print("it slept for \(try await pool.apply(Nap(), to: 10)) ms, says the callback")
      }
      try await callback.value

      // Several at once, in the order in which they were begun.
      let naps = [30, 20, 10].map { pool.applyAsync(Nap(), to: $0) }
      for nap in naps { print("slept for \(try await nap.value) ms") }

      // Not wanted any more.
      let needless = pool.applyAsync(Nap(), to: 60_000)
      needless.cancel()
      do { _ = try await needless.value } catch PoolError.cancelled { print("cancelled") }
    }
  }
}

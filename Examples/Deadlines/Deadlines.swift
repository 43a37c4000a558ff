// Three ways to limit time: per item, per call, and by cancelling the Swift task that waits.

import ProcPool

/// Counts until it is cancelled.
struct Endless: PoolTask {
  func run(_ start: Int) throws -> Int {
    var number = start
    while !TaskContext.isCancelled { number &+= 1 }
    throw CancellationError()
  }
}

/// If its input is 3, counts for ever and ignores cancellation.
struct Stubborn: PoolTask {
  func run(_ input: Int) -> Int {
    var number = input
    while input == 3 { number &+= 1 }
    return number
  }
}

@main
struct Deadlines: PoolProgram {
  static func run() async throws {
    try await withPool(workers: 2) { pool in
      // An item that exceeds its limit fails and its worker is replaced; the other items are not affected.
      let results = await pool.mapResults(Stubborn(), over: 1...5, timeout: .milliseconds(200))
      for (input, result) in zip(1..., results) {
        switch result {
        case .success(let output): print("\(input): \(output)")
        case .failure(.timedOut(_, let limit)): print("\(input): not done within \(limit)")
        case .failure(let error): throw error
        }
      }

      // A limit for the whole call.
      do {
        _ = try await pool.map(Endless(), over: 0..<100, deadline: .milliseconds(200))
      } catch PoolError.deadlineExceeded(let limit) {
        print("the call exceeded its deadline of \(limit)")
      }

      // Cancelling the Swift task also cancels its items in the workers.
      let waiting = Task { try await pool.map(Endless(), over: 0..<100) }
      try await Task.sleep(for: .milliseconds(100))
      waiting.cancel()
      do { _ = try await waiting.value } catch is CancellationError { print("cancelled") }

      print("the pool continues: \(try await pool.map(Stubborn(), over: [1, 2]))")
    }
  }
}

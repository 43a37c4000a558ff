// Limits in time: for an item, for a call, and by cancelling the Swift task that waits.

import ProcPool

/// Counts for ever, or until it is told that nobody wants the result.
struct Endless: PoolTask {
  func run(_ start: Int) throws -> Int {
    var number = start
    while !TaskContext.isCancelled { number &+= 1 }
    throw CancellationError()
  }
}

/// Counts for ever, whatever it is told, if its input is 3.
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
      // An item that takes too long costs its worker, and no other item anything.
      let results = await pool.mapResults(Stubborn(), over: 1...5, timeout: .milliseconds(200))
      for (input, result) in zip(1..., results) {
        switch result {
        case .success(let output): print("\(input): \(output)")
        case .failure(.timedOut(_, let limit)): print("\(input): not within \(limit)")
        case .failure(let error): throw error
        }
      }

      // A call as a whole.
      do {
        _ = try await pool.map(Endless(), over: 0..<100, deadline: .milliseconds(200))
      } catch PoolError.deadlineExceeded(let limit) {
        print("the call had \(limit)")
      }

      // Whoever cancels the Swift task cancels what it waits for, in the workers too.
      let waiting = Task { try await pool.map(Endless(), over: 0..<100) }
      try await Task.sleep(for: .milliseconds(100))
      waiting.cancel()
      do { _ = try await waiting.value } catch is CancellationError { print("cancelled") }

      print("and the pool goes on: \(try await pool.map(Stubborn(), over: [1, 2]))")
    }
  }
}

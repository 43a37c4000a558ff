// Two workers add to one number in shared memory: without a lock, with one, and by an atomic addition.

import ProcPool

struct AddWithoutLock: PoolTask {
  var total: SharedArray<Int>
  // Reads, adds and writes: an addition by another worker in between is lost.
  func run(_ times: Int) { for _ in 0..<times { total[0] += 1 } }
}

struct AddWithLock: PoolTask {
  var total: LockedValue<Int>
  func run(_ times: Int) throws { for _ in 0..<times { try total.withLock { $0 += 1 } } }
}

struct AddAtomically: PoolTask {
  var total: SharedCounter
  func run(_ times: Int) { for _ in 0..<times { total.add(1) } }
}

@main
struct Race: PoolProgram {
  static func run() async throws {
    let times = 200_000
    let plain = try SharedArray(repeating: 0, count: 1)
    let locked = try LockedValue(0)
    let atomic = try SharedCounter()
    try await withPool(workers: 2) { pool in
      // Once on every worker, at the same time.
      try await pool.broadcast(AddWithoutLock(total: plain), to: times)
      try await pool.broadcast(AddWithLock(total: locked), to: times)
      try await pool.broadcast(AddAtomically(total: atomic), to: times)
    }
    print("without a lock, at most \(2 * times): \(plain[0] <= 2 * times)")
    print("with a lock: \(try locked.withLock { $0 })")
    print("atomically: \(atomic.value)")
  }
}

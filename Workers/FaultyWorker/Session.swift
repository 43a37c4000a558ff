import FaultyTasks
import Glibc
import ProcPool

/// Something of everything that a pool does, in a fraction of a second: what tests run while calls to the
/// system fail.
///
/// Prints one line, always the same, or throws; and writes one to standard error, from a worker.
struct Session {
  /// Its own, so that a test finds what is left of it.
  private let name = "procpool-session-\(getpid())"
  private var answers: [Int] = []

  static func perform() async throws {
    let answers = try await withPool(workers: 2) { pool in
      var session = Session()
      try await session.send(through: pool)
      try await session.share(with: pool)
      try await session.lock(with: pool)
      try await session.name(an: pool)
      return session.answers
    }
    print(answers.map(String.init).joined(separator: " "))
  }

  /// Messages, short ones and long ones.
  private mutating func send(through pool: Pool) async throws {
    answers.append(try await pool.broadcast(CountBytes(), to: [1, 2, 3]).reduce(0, +))
    answers.append(try await pool.map(Echo(), over: 0..<100).reduce(0, +))
    var sum = 0
    for try await output in pool.imap(Echo(), over: 0..<100, chunkSize: 8) { sum = sum * 3 % 1009 + output }
    answers.append(sum)
    let handles = (0..<20).map { pool.applyAsync(EchoText(), to: String(repeating: "x", count: $0)) }
    for handle in handles { answers.append(try await handle.value.count) }
    for number in 0..<3 { answers.append(try await pool.apply(Echo(), to: number)) }
    let listing = try await pool.mapReduce(Listing(), over: 0..<100, startingWith: "", parts: 8)
    answers.append(listing.utf8.reduce(0) { ($0 * 31 + Int($1)) % 10_007 })
    // Three that lie in memory that workers see; an answer that takes several reads, and others that lie in memory.
    let long = (1...3).map { [UInt8](repeating: UInt8($0), count: 70_000) }
    answers += try await pool.map(CountBytes(), over: long, chunkSize: 1)
    for _ in 0..<3 {
      let answer = try await pool.apply(Inflate(), to: 150_000)
      answers.append(answer == [UInt8](repeating: 7, count: 150_000) ? 7 : 0)
    }
    try await pool.apply(Remark("a worker's remark"), to: 0)
  }

  /// Arrays from here to the workers, and back.
  private mutating func share(with pool: Pool) async throws {
    let small = try SharedArray(0..<10)
    let large = try SharedArray(0..<5_000)
    answers += try await pool.map(SumShared(), over: [small, large])
    try await pool.forEach(AddInPlace(large), over: [0..<2_500, 2_500..<5_000])
    answers.append(Array(large).reduce(0, +))
    let made = try await pool.map(MakeShared(count: 10), over: 0..<3)
    let madeLarge = try await pool.map(MakeShared(count: 5_000), over: 0..<3)
    answers += (made + madeLarge).map { Array($0).reduce(0, +) }
    answers += try await pool.map(SumShared(), over: made + madeLarge)
  }

  private mutating func lock(with pool: Pool) async throws {
    let value = try LockedValue(0)
    let bins = try LockedArray(repeating: 0, count: 4)
    let counter = try SharedCounter(0)
    try await pool.forEach(Increment(value, bins, counter), over: [20, 20, 20, 20])
    answers += [try value.withLock { $0 }, try bins.withLock { $0[3] }, counter.value]
  }

  /// A name, taken over by a second array, and taken away.
  private mutating func name(an pool: Pool) async throws {
    do {
      _ = try SharedArray(named: name, repeating: 1, count: 100)
      let second = try SharedArray(named: name, repeating: 2, count: 100, replacing: true)
      answers.append(try SharedArray<Int>(opening: name).count)
      answers.append(try await pool.apply(SumShared(), to: second))
      try SharedArray<Int>.remove(named: name)
    } catch {
      // The name is the maker's to take away, and one failure is no reason to leave it.
      try? SharedArray<Int>.remove(named: name)
      throw error
    }
  }
}

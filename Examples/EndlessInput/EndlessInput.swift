// An endless sequence of inputs, which are taken no faster than results are consumed.

import ProcPool

struct IsPrime: PoolTask {
  func run(_ number: Int) -> Int? {
    guard number > 1 else { return nil }
    var divisor = 2
    while divisor * divisor <= number {
      if number.isMultiple(of: divisor) { return nil }
      divisor += 1
    }
    return number
  }
}

@main
struct EndlessInput: PoolProgram {
  static func run() async throws {
    try await withPool(workers: 2) { pool in
      var taken = 0
      let numbers = sequence(first: 1_000_000) { $0 + 1 }.lazy.map { number in
        taken += 1
        return number
      }
      var primes: [Int] = []
      // At most 200 inputs are between the sequence and this loop at any time.
      for try await prime in pool.imap(IsPrime(), over: numbers, chunkSize: 10, inFlight: 200) {
        guard let prime else { continue }
        primes.append(prime)
        if primes.count == 5 { break }  // also cancels running items
      }
      print("the first primes above a million: \(primes)")
      let needed = primes.last! - 1_000_000 + 1
      print("at most 200 more inputs were taken than needed: \(taken <= needed + 200)")
    }
  }
}

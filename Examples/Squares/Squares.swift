import ProcPool

struct Power: PoolTask {  // what a worker can do; its properties travel with it
  var exponent: Int

  func run(_ base: Int) -> Int {
    (0..<exponent).reduce(1) { product, _ in product * base }
  }
}

@main
struct Squares: PoolProgram {  // the same executable serves as its own worker
  static func run() async throws {
    try await withPool(workers: 2) { pool in
      // All inputs, in order.
      print(try await pool.map(Power(exponent: 2), over: 1...5))

      // As many inputs as are asked for, of any sequence, an endless one too.
      for try await square in pool.imap(Power(exponent: 2), over: 1..., chunkSize: 64) where square > 1000 {
        print("the first square above 1000 is \(square)")
        break
      }

      // One input, while this program goes on.
      let handle = pool.applyAsync(Power(exponent: 3), to: 14)
      print("14 × 14 × 14 = \(try await handle.value)")
    }
  }
}

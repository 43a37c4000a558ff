import ProcPool

struct Power: PoolTask {  // a task: its properties are sent to each worker at most once per call
  var exponent: Int

  func run(_ base: Int) -> Int {
    (0..<exponent).reduce(1) { product, _ in product * base }
  }
}

@main
struct Squares: PoolProgram {  // the same executable serves as its own worker
  static func run() async throws {
    try await withPool(workers: 2) { pool in
      // Returns all outputs, in input order.
      print(try await pool.map(Power(exponent: 2), over: 1...5))

      // Streams outputs. The inputs may be any sequence, even an endless one, and are taken on demand.
      for try await square in pool.imap(Power(exponent: 2), over: 1..., chunkSize: 64) where square > 1000 {
        print("the first square above 1000 is \(square)")
        break
      }

      // Starts a single item and continues.
      let handle = pool.applyAsync(Power(exponent: 3), to: 14)
      print("14 × 14 × 14 = \(try await handle.value)")
    }
  }
}

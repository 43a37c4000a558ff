import BenchTasks
import ProcPool

/// The strategies for one product in shared memory. An item is the number of a row, an element or a
/// block; no matrix data is sent.
struct SharedProduct<Scalar: MatrixScalar> {
  let factors: SharedFactors<Scalar>
  private let strategies: MatmulStrategies<Scalar>

  private var shape: MatmulShape { strategies.shape }
  private var context: BenchContext { strategies.context }

  init(_ strategies: MatmulStrategies<Scalar>) throws(SharedMemoryError) {
    let shape = strategies.shape
    try self.init(
      strategies,
      factors: SharedFactors(
        a: strategies.sample.a, b: strategies.sample.b, m: shape.m, l: shape.l, n: shape.n))
  }

  init(_ strategies: MatmulStrategies<Scalar>, factors: SharedFactors<Scalar>) throws(SharedMemoryError) {
    self.strategies = strategies
    self.factors = factors
  }

  /// Some elements. Each is written to its position in C.
  func elements(on pool: Pool, positions: [Int], chunkSize: Int) async throws {
    try await inPlace("elements-in-place", items: positions.count, at: positions, on: pool) { c in
      try await pool.forEach(ElementInPlace(factors, c: c), over: positions, chunkSize: chunkSize)
    }
  }

  /// All rows. An item is the rows of one worker, so that the kernel reads B as rarely as the
  /// serial one does.
  func rows(on pool: Pool) async throws {
    let shares = shares(on: pool)
    try await inPlace("rows-in-place", items: shares.count, at: nil, on: pool) { c in
      try await pool.forEach(RowsInPlace(factors, c: c), over: shares, chunkSize: 1)
    }
  }

  /// Returns the rows of each worker.
  private func shares(on pool: Pool) -> [Range<Int>] {
    Parts.of(0..<shape.m, count: pool.sizing.workers)
  }

  /// The full product in eight blocks, each half of the rows by a quarter of the columns: enough
  /// blocks for two workers to finish together, and few enough that A and B are read rarely.
  func blocks(on pool: Pool) async throws {
    let blocks = BlockInPlace<Scalar>.blocks(
      rows: Parts.of(0..<shape.m, count: 2), columns: Parts.of(0..<shape.n, count: 4))
    try await inPlace("blocks-in-place", items: blocks.count, at: nil, on: pool) { c in
      try await pool.forEach(BlockInPlace(factors, c: c), over: blocks, chunkSize: 1)
    }
  }

  /// All rows, with C behind a lock.
  func lockedRows(on pool: Pool) async throws {
    let c = try LockedArray(repeating: Scalar.nan, count: shape.m * shape.n)
    let key = context.key(strategies.label, "rows-in-place-locked", workers: pool.sizing.workers)
    let shares = shares(on: pool)
    try await context.recorder.measure(
      key, items: shares.count, runs: strategies.runs, on: pool, warmingUp: .always
    ) {
      try await pool.forEach(RowsInPlaceLocked(factors, c: c), over: shares, chunkSize: 1)
    } verify: { _ in
      // Read elements are overwritten, so that the next run cannot pass with them.
      let product = try? c.withLock { c in
        c.indices.map { index in
          defer { c[index] = .nan }
          return c[index]
        }
      }
      return strategies.sample.accepts(product ?? [], at: 0..<shape.m * shape.n)
    }
  }

  /// - Parameter positions: the computed positions; all if `nil`.
  private func inPlace(
    _ strategy: String, items: Int, at positions: [Int]?, on pool: Pool,
    _ body: (SharedMatrix<Scalar>) async throws -> Void
  ) async throws {
    let c = try SharedMatrix(repeating: Scalar.nan, rows: shape.m, columns: shape.n)
    let key = context.key(strategies.label, strategy, workers: pool.sizing.workers)
    try await context.recorder.measure(key, items: items, runs: strategies.runs, on: pool, warmingUp: .always)
    {
      try await body(c)
    } verify: { _ in
      let product = c.elements.withSpan { c in (positions ?? Array(c.indices)).map { c[$0] } }
      c.elements.withMutableSpan { $0.update(repeating: .nan) }
      let isRight = strategies.sample.accepts(product, at: positions ?? Array(0..<shape.m * shape.n))
      if isRight, positions == nil { context.keep(product, rows: shape.m, columns: shape.n) }
      return isRight
    }
  }
}

import BenchTasks
import ProcPool
import ProcPoolSystem

/// Products of matrices: the cost of sending the operands per element, per row, and once.
struct MatmulScenario: Scenario {
  static let lowL = MatmulShape(m: 200, l: 10, n: 400)
  static let highL = MatmulShape(m: 20, l: 10_000, n: 40)
  static let big = MatmulShape(m: 200, l: 100_000, n: 400)

  /// The big product of a quick run, with a twentieth of the summed index.
  static let quickBig = MatmulShape(m: 200, l: 5_000, n: 400)

  /// The maximum number of bytes that elements or rows by message may send for a product of the
  /// user. They take seconds; of a larger product, a part is measured.
  private static let mostSent = 256_000_000
  /// The maximum number of items, for the same reason.
  private static let mostElements = 1_000_000

  func run(in context: BenchContext) async throws {
    context.note(
      "verified: every element is within (γ(h) + γ₆₄(h′)) · ‖a‖₂ · ‖b‖₂ of a serial product in f64; "
        + Tolerance.source + ".")
    context.note(
      "in place: the first run on a sample, in which the workers map its matrices, is a warm-up.")
    if let own = context.options.matrices {
      context.note(own.note)
      return switch own.factors {
      case .f32(let factors): try await self.own(factors, context)
      case .f64(let factors): try await self.own(factors, context)
      }
    }
    if context.includes("low-l") || context.includes("high-l") {
      try await context.withWorkers { pool in
        if context.includes("low-l") {
          try await small("low-l", Self.lowL, Double.self, pool, context)
          try await small("low-l", Self.lowL, Float.self, pool, context)
        }
        if context.includes("high-l") {
          try await small("high-l", Self.highL, Double.self, pool, context)
          try await small("high-l", Self.highL, Float.self, pool, context)
        }
      }
    }
    if context.includes("big") {
      let shape = context.options.quick ? Self.quickBig : Self.big
      if context.options.quick {
        context.note(
          "big: l is \(Units.grouped(shape.l)) in a quick run, \(Units.grouped(Self.big.l)) otherwise.")
      }
      try await BigMatmul<Float>.run(shape: shape, context: context)
    }
  }

  /// Measures the user's product: in full with every strategy, or by the strategies of the big
  /// product if that would send too much.
  private func own<Scalar: MatrixScalar>(_ factors: MatmulFactors<Scalar>, _ context: BenchContext)
    async throws
  {
    let shape = factors.shape
    let name = "own"
    let label = CaseLabel(name, "\(Scalar.label), \(shape.m) × \(shape.l) · \(shape.l) × \(shape.n)")
    context.recorder.announce("\(context.scenario.rawValue) · \(name) · computing the reference")
    let sample = MatmulSample(factors)
    // In floating point, which cannot overflow here.
    let column = Double(shape.l) * Double(MemoryLayout<Scalar>.size)
    let elements = Double(shape.m) * Double(shape.n) * 2 * column
    let rows = Double(shape.m) * Double(shape.n + 1) * column
    guard max(elements, rows) > Double(Self.mostSent) || shape.m * shape.n > Self.mostElements else {
      let runs = context.options.runs(usual: 3, quickly: 2)
      return try await context.withWorkers { pool in
        try await small(
          MatmulStrategies(sample: sample, label: label, runs: runs, context: context), on: pool)
      }
    }
    try await BigMatmul(
      sample: sample, label: label, runs: context.options.runs(usual: 2, quickly: 2),
      memoryLimit: MemoryAllowance.available().map { $0 / 2 }, context: context
    ).run()
  }

  private func small<Scalar: MatrixScalar>(
    _ name: String, _ shape: MatmulShape, _: Scalar.Type, _ pool: Pool, _ context: BenchContext
  ) async throws {
    let label = CaseLabel(name, Scalar.label)
    let runs = context.options.runs(usual: 3, quickly: 2)
    // Three samples, so that a result kept from the previous sample is detected.
    let shares = Parts.of(0..<runs, count: min(3, runs))
    for (sample, share) in shares.enumerated() {
      context.recorder.announce("\(context.scenario.rawValue) · \(label) · making sample \(sample + 1)")
      let sample = MatmulSample<Scalar>(shape, seed: context.options.seed, sample: sample)
      try await small(
        MatmulStrategies(sample: sample, label: label, runs: share.count, context: context), on: pool)
    }
  }

  /// Measures all strategies on the full product.
  private func small<Scalar>(_ strategies: MatmulStrategies<Scalar>, on pool: Pool) async throws {
    let shape = strategies.shape
    try await strategies.serial()
    // One chunk per worker, as in the published version of this strategy.
    let chunk = (shape.m * shape.n + pool.sizing.workers - 1) / pool.sizing.workers
    try await strategies.elements(on: pool, positions: Array(0..<shape.m * shape.n), chunkSize: chunk)
    try await strategies.rows(on: pool, count: shape.m, chunkSize: nil)
    try await strategies.rowsWithBSentOnce(on: pool)
    let shared = try SharedProduct(strategies)
    try await shared.elements(on: pool, positions: Array(0..<shape.m * shape.n), chunkSize: chunk)
    try await shared.rows(on: pool)
    try await shared.lockedRows(on: pool)
    try await shared.blocks(on: pool)
  }
}

/// The strategies for one product, each measured into the context's recorder.
struct MatmulStrategies<Scalar: MatrixScalar> {
  let sample: MatmulSample<Scalar>
  let label: CaseLabel
  let runs: Int
  let context: BenchContext

  var shape: MatmulShape { sample.shape }

  /// The full product, in the coordinator.
  func serial() async throws {
    try await context.recorder.measure(context.serialKey(label), items: shape.m, runs: runs) {
      Scalar.multiply(sample.a, sample.b, m: shape.m, l: shape.l, n: shape.n)
    } verify: {
      sample.accepts($0, at: 0..<shape.m * shape.n)
    }
  }

  /// Some elements. An item is a row of A and a column of B.
  func elements(on pool: Pool, positions: [Int], chunkSize: Int) async throws {
    let key = context.key(label, "elements", workers: pool.sizing.workers)
    try await context.recorder.measure(key, items: positions.count, runs: runs, on: pool) {
      let inputs = positions.lazy.map { position in
        ElementByMessage<Scalar>.Input(
          row: sample.row(position / shape.n), column: sample.column(position % shape.n))
      }
      return try await pool.map(ElementByMessage<Scalar>(), over: inputs, chunkSize: chunkSize)
    } verify: {
      sample.accepts($0, at: positions)
    }
  }

  /// The first rows. An item is a row of A and all of B.
  func rows(on pool: Pool, count: Int, chunkSize: Int?) async throws {
    let key = context.key(label, "rows", workers: pool.sizing.workers)
    try await context.recorder.measure(key, items: count, runs: runs, on: pool) {
      let inputs = (0..<count).lazy.map { RowByMessage<Scalar>.Input(row: sample.row($0), b: sample.b) }
      return try await pool.map(RowByMessage<Scalar>(), over: inputs, chunkSize: chunkSize)
    } verify: {
      sample.accepts(Array($0.joined()), at: 0..<count * shape.n)
    }
  }

  /// All rows. B is a property of the task, and an item is a row of A.
  func rowsWithBSentOnce(on pool: Pool) async throws {
    let key = context.key(label, "rows-b-once", workers: pool.sizing.workers)
    try await context.recorder.measure(key, items: shape.m, runs: runs, on: pool, warmingUp: .once) {
      let inputs = (0..<shape.m).lazy.map { sample.row($0) }
      return try await pool.map(RowTimesMatrix(b: sample.b), over: inputs)
    } verify: {
      sample.accepts(Array($0.joined()), at: 0..<shape.m * shape.n)
    }
  }
}

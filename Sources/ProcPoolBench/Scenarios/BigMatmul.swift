import BenchTasks
import ProcPool

/// A product whose operands are too large to be sent with every item.
///
/// In full, elements by message would send 64 GB, and rows by message 32 GB. Both are measured on a
/// part of the product that the case names, beside the serial time of the same part, so that
/// nothing is extrapolated.
struct BigMatmul<Scalar: MatrixScalar> {
  let sample: MatmulSample<Scalar>
  /// The label of the full product.
  let label: CaseLabel
  let runs: Int
  /// The memory that all processes together may use, in bytes; by default that of a small cloud
  /// machine.
  let memoryLimit: Int
  let context: BenchContext

  private var shape: MatmulShape { sample.shape }

  /// Four rows are the fewest that keep two workers busy for more than one item each.
  private var sampleRows: Int { min(4, shape.m) }

  /// 160 rows and columns of 400 KB are 128 MB, which takes a pipe a fraction of a second.
  private var sampleElements: Int {
    max(1, min(160, shape.m * shape.n, 128_000_000 / (2 * shape.l * MemoryLayout<Scalar>.size)))
  }

  /// The part of the memory for the matrices. A quarter remains for growing buffers, the programs
  /// and the machine, because the estimates below count the matrices only.
  private var memoryBudget: Int { memoryLimit / 4 * 3 }

  /// The maximum number of copies of B. Eight copies already dominate the run, and more would add
  /// no information.
  private var mostCopies: Int { 8 }

  init(
    sample: MatmulSample<Scalar>, label: CaseLabel, runs: Int, memoryLimit: Int? = nil, context: BenchContext
  ) {
    self.sample = sample
    self.label = label
    self.runs = runs
    self.memoryLimit = memoryLimit ?? 2 << 30
    self.context = context
  }

  /// Measures several samples of a shape.
  static func run(shape: MatmulShape, context: BenchContext) async throws {
    let runs = context.options.runs(usual: 2, quickly: 2)
    let label = CaseLabel("big", Scalar.label)
    // Two samples instead of three, because generating one takes longer than most runs.
    for (number, share) in Parts.of(0..<runs, count: 2).enumerated() {
      context.recorder.announce("\(context.scenario.rawValue) · \(label) · making sample \(number + 1)")
      let sample = MatmulSample<Scalar>(shape, seed: context.options.seed, sample: number)
      let big = BigMatmul(sample: sample, label: label, runs: share.count, context: context)
      try await big.measure()
      if share.upperBound == runs { big.addSharingFigure() }
    }
  }

  /// Measures the sample.
  func run() async throws {
    try await measure()
    addSharingFigure()
  }

  private func measure() async throws {
    try await whole()
    try await someRows()
    try await someElements()
    try await inPlace()
  }

  private func whole() async throws {
    let strategies = MatmulStrategies(sample: sample, label: label, runs: runs, context: context)
    try await strategies.serial()
    guard let workers = fittingWorkerCount() else { return }
    try await context.withWorkers(workers) { try await strategies.rowsWithBSentOnce(on: $0) }
  }

  private func someRows() async throws {
    let count = sampleRows
    let label = part("\(count) of \(Units.grouped(shape.m)) rows")
    let strategies = MatmulStrategies(sample: sample, label: label, runs: runs, context: context)
    try await context.recorder.measure(context.serialKey(label), items: count, runs: runs) {
      Scalar.multiply(Array(sample.a[..<(count * shape.l)]), sample.b, m: count, l: shape.l, n: shape.n)
    } verify: {
      sample.accepts($0, at: 0..<count * shape.n)
    }
    // At most two workers, because each item takes the memory of B three times: encoded, received
    // and decoded.
    guard let workers = fittingWorkerCount() else { return }
    try await context.withWorkers(min(2, workers)) {
      try await strategies.rows(on: $0, count: count, chunkSize: 1)
    }
  }

  private func someElements() async throws {
    let label = someElementsLabel
    let strategies = MatmulStrategies(sample: sample, label: label, runs: runs, context: context)
    let positions = positions
    try await context.recorder.measure(context.serialKey(label), items: positions.count, runs: runs) {
      positions.map { Scalar.dot(sample.row($0 / shape.n), sample.column($0 % shape.n)) }
    } verify: {
      sample.accepts($0, at: positions)
    }
    try await context.withWorkers {
      let chunk = (positions.count + $0.sizing.workers - 1) / $0.sizing.workers
      try await strategies.elements(on: $0, positions: positions, chunkSize: chunk)
    }
  }

  /// Measures the strategies in shared memory: full products, on all workers.
  private func inPlace() async throws {
    try await intoSharedMemory()
    // More runs than for the others: runs of a fifth of a second on two processors vary more, and
    // cost little.
    let often = 2 * runs
    let shared = try SharedProduct(
      MatmulStrategies(sample: sample, label: label, runs: often, context: context))
    let some = try SharedProduct(
      MatmulStrategies(sample: sample, label: someElementsLabel, runs: runs, context: context),
      factors: shared.factors)
    try await context.withWorkers { pool in
      try await shared.rows(on: pool)
      try await shared.lockedRows(on: pool)
      try await shared.blocks(on: pool)
      let chunk = (sampleElements + pool.sizing.workers - 1) / pool.sizing.workers
      try await some.elements(on: pool, positions: positions, chunkSize: chunk)
    }
  }

  /// Measures copying both matrices into shared memory, by the library and by direct system calls.
  private func intoSharedMemory() async throws {
    let bytes = (sample.a.count + sample.b.count) * MemoryLayout<Scalar>.stride
    let hasRoom = BareMemory(count: bytes) != nil
    // In alternation, and with more runs than the rest, because memory that the machine has not
    // touched recently takes twice as long.
    for _ in 0..<3 * runs {
      try await context.recorder.measure(sharingKey("sharing"), items: nil, runs: 1) {
        try SharedFactors(a: sample.a, b: sample.b, m: shape.m, l: shape.l, n: shape.n)
      } verify: { factors in
        factors.a.elements.withSpan { $0[$0.count - 1] } == sample.a.last
          && factors.b.elements.withSpan { $0[$0.count - 1] } == sample.b.last
      }
      guard hasRoom else { continue }
      try await context.recorder.measure(sharingKey("bare"), items: nil, runs: 1) {
        guard let memory = BareMemory(count: bytes) else { return false }
        memory.copy(sample.a, at: 0)
        memory.copy(sample.b, at: sample.a.count * MemoryLayout<Scalar>.stride)
        return true
      } verify: {
        $0
      }
    }
  }

  private func sharingKey(_ strategy: String) -> MeasurementKey {
    context.key(part("A and B into shared memory"), strategy, workers: 0)
  }

  /// Adds the ratio of the library's time to that of the system calls.
  private func addSharingFigure() {
    func median(_ strategy: String) -> Double? {
      context.recorder.measurements.first { $0.key == sharingKey(strategy) }?.statistics.median
    }
    guard let sharing = median("sharing"), let bare = median("bare") else { return }
    let ratio = sharing / bare
    context.add(
      Figure(
        name: "into shared memory", value: ratio, unit: "×",
        text:
          "creating and filling shared matrices took \(Units.factor(ratio)) as long as allocating, populating "
          + "and copying by direct system calls"))
  }

  /// Returns the label of a part of the product.
  private func part(_ what: String) -> CaseLabel {
    CaseLabel(label.name, "\(Scalar.label), \(what)", isPart: true)
  }

  private var someElementsLabel: CaseLabel {
    part("\(sampleElements) of \(Units.grouped(shape.m * shape.n)) elements")
  }

  /// One element from each of equally many stretches of the product, in varying columns.
  private var positions: [Int] {
    let stretch = shape.m * shape.n / sampleElements
    return (0..<sampleElements).map { $0 * stretch + $0 % stretch }
  }

  /// Returns how many workers can hold B at once, received and decoded, within the budget; `nil` if
  /// not even one can.
  ///
  /// The coordinator holds A, B, and an encoded copy of B.
  private func fittingWorkerCount() -> Int? {
    let matrix = shape.l * shape.n * MemoryLayout<Scalar>.size
    let coordinator = shape.m * shape.l * MemoryLayout<Scalar>.size + 2 * matrix
    let fitting = min(mostCopies, (memoryBudget - coordinator) / (2 * matrix))
    guard fitting >= 1 else {
      context.note(
        "\(label.name): B (\(Units.bytes(Double(matrix)))) is not sent to workers, because each would hold it twice "
          + "and exceed the limit of \(Units.bytes(Double(memoryLimit))) of memory.")
      return nil
    }
    guard fitting < context.workers else { return context.workers }
    context.note(
      "\(label.name): \(fitting) of \(context.workers) workers if each holds B (\(Units.bytes(Double(matrix)))), "
        + "to stay within \(Units.bytes(Double(memoryLimit))) of memory; "
        + "\(min(2, fitting)) if B is sent with every row.")
    return fitting
  }
}

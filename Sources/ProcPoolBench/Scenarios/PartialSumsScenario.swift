import BenchTasks
import ProcPool

/// Sums of an array and of two series: in one interval per worker, and in one item per term.
struct PartialSumsScenario: Scenario {
  /// The numbers of workers in the scaling table, as in course material.
  private static let scalingCounts = [1, 2, 4, 8]

  /// The number of terms that are summed one by one. A hundred thousand items (a fifth in a quick
  /// run) take long enough to be timed; all 10⁸ would take minutes.
  private func termCount(_ context: BenchContext) -> Int { context.options.quick ? 20_000 : 100_000 }

  func run(in context: BenchContext) async throws {
    let quick = context.options.quick
    context.note(
      "verified: the sum is within (γ(h) + γ(\(Reference.sumRoundings))) · Σ|x| of a serial, compensated one; "
        + Tolerance.source + ".")
    if let own = context.options.array {
      context.note(own.note)
      return switch own.numbers {
      case .f32(let numbers): try await self.own(numbers, context)
      case .f64(let numbers): try await self.own(numbers, context)
      }
    }
    if context.includes("array-sum") {
      try await arraySum(count: quick ? 1_000_000 : 10_000_000, context)
    }
    let terms = 1..<(quick ? 10_000_001 : 100_000_001)
    if context.includes("slow-series") { try await series(.slow, SlowTerm(), "slow-series", terms, context) }
    if context.includes("slow-series-long") { try await longSeries(context) }
    if context.includes("trigonometric") {
      try await series(.trigonometric, TrigonometricTerm(), "trigonometric", terms, context)
    }
  }

  private func arraySum(count: Int, _ context: BenchContext) async throws {
    let runs = context.options.runs(usual: 3, quickly: 2)
    // Three samples, so that a result kept from the previous sample is detected.
    for (sample, share) in Parts.of(0..<runs, count: min(3, runs)).enumerated() {
      context.recorder.announce("\(context.scenario.rawValue) · array-sum · making sample \(sample + 1)")
      var random = RandomNumbers(seed: context.options.seed, sample: sample)
      let numbers = random.array(count: count, of: Double.self)
      try await sum(of: numbers, "array-sum", runs: share.count, context)
      let first = numbers[..<termCount(context)]
      let start = SumStrategies(
        label: CaseLabel("array-sum", "\(Units.grouped(first.count)) terms", isPart: true),
        terms: first.count,
        runs: share.count,
        context: context, reference: SumReference(of: first, parts: first.count))
      try await start.serial { ArraySum.sum(Array(first)) }
      try await context.withWorkers { pool in
        try await start.terms(on: pool) { pool.imap(ArrayTerm(), over: first, chunkSize: 1) }
      }
    }
  }

  /// Measures the user's array.
  private func own<Number: MatrixScalar>(_ numbers: [Number], _ context: BenchContext) async throws {
    context.recorder.announce("\(context.scenario.rawValue) · own · computing the reference")
    let count = numbers.count == 1 ? "one number" : "\(Units.grouped(numbers.count)) numbers"
    try await sum(
      of: numbers, CaseLabel("own", "\(Number.label), \(count)"),
      runs: context.options.runs(usual: 3, quickly: 2), context)
  }

  /// Measures the sum of an array: in the coordinator, of slices that are sent, and of ranges of
  /// shared memory.
  private func sum<Number: MatrixScalar>(
    of numbers: [Number], _ label: CaseLabel, runs: Int, _ context: BenchContext
  ) async throws {
    let whole = SumStrategies(
      label: label, terms: numbers.count, runs: runs, context: context,
      reference: SumReference(of: numbers[...], parts: context.workers + 8))
    try await whole.serial { ArraySum.sum(numbers) }
    for workers in counts(context) {
      try await context.withWorkers(workers) { pool in
        try await whole.intervals(on: pool) {
          let slices = Parts.of(0..<numbers.count, count: workers).lazy.map { Array(numbers[$0]) }
          return try await pool.map(SliceSum(), over: slices, chunkSize: 1)
        }
      }
    }
    try await shared(numbers, whole, context)
  }

  /// Measures the sum of an array in shared memory, of which each worker is sent a range.
  private func shared<Number: MatrixScalar>(
    _ numbers: [Number], _ whole: SumStrategies, _ context: BenchContext
  ) async throws {
    let array = try SharedArray(numbers)
    for workers in counts(context) {
      let ranges = Parts.of(0..<numbers.count, count: workers)
      try await context.withWorkers(workers) { pool in
        try await whole.intervals("shared", on: pool) {
          try await pool.map(RangeSum(of: array), over: ranges, chunkSize: 1)
        }
      }
    }
    let ranges = Parts.of(0..<numbers.count, count: context.workers)
    try await context.withWorkers { pool in
      try await whole.intervals("shared-locked-total", on: pool) {
        let total = try LockedValue(0.0)
        try await pool.forEach(RangeSumLocked(of: array, into: total), over: ranges, chunkSize: 1)
        return [try total.withLock { $0 }]
      }
      try await whole.intervals("shared-atomic-total", on: pool) {
        let total = try SharedCounter(Int((0.0).bitPattern))
        try await pool.forEach(RangeSumAtomic(of: array, intoBits: total), over: ranges, chunkSize: 1)
        return [Double(bitPattern: UInt64(bitPattern: Int64(total.value)))]
      }
    }
  }

  private func series<Term: PoolTask>(
    _ series: Series, _ term: Term, _ name: String, _ terms: Range<Int>, _ context: BenchContext
  ) async throws where Term.Input == Int, Term.Output == Double {
    let runs = context.options.runs(usual: 3, quickly: 2)
    context.recorder.announce("\(context.scenario.rawValue) · \(name) · computing the reference")
    let whole = SumStrategies(
      label: CaseLabel(name), terms: terms.count, runs: runs, context: context,
      reference: SumReference(of: series, terms: terms, parts: Self.smallIntervals * context.workers + 8))
    try await whole.serial { series.sum(over: terms) }
    for workers in counts(context) {
      try await context.withWorkers(workers) { pool in
        try await whole.intervals(on: pool) {
          try await pool.map(IntervalSum(of: series), over: Parts.of(terms, count: workers), chunkSize: 1)
        }
      }
    }
    if series == .slow {
      try await context.withWorkers { pool in
        try await smallIntervals(of: terms, whole, on: pool)
        try await whole.intervals("intervals-by-term", on: pool) {
          let intervals = Parts.of(terms, count: pool.sizing.workers)
          return try await pool.map(SlowTermsByHand(), over: intervals, chunkSize: 1)
        }
        try await whole.intervals("map-reduce", on: pool) {
          [try await pool.mapReduce(SlowTerm(), over: terms, startingWith: 0)]
        }
      }
    }
    let first = terms.prefix(termCount(context))
    let start = SumStrategies(
      label: CaseLabel(name, "\(Units.grouped(first.count)) terms", isPart: true), terms: first.count,
      runs: runs,
      context: context,
      reference: SumReference(of: series, terms: first, parts: first.count))
    try await start.serial { series.sum(over: first) }
    try await context.withWorkers { pool in
      try await start.terms(on: pool) { pool.imap(term, over: first, chunkSize: 1) }
    }
  }

  /// The number of intervals per worker. The last interval of a long range omits more terms than
  /// any other, because numbers that begin with 9 are left out. With two large intervals the first
  /// would take five ninths of the time.
  private static let smallIntervals = 16

  private func smallIntervals(of terms: Range<Int>, _ whole: SumStrategies, on pool: Pool) async throws {
    try await whole.intervals("small-intervals", on: pool) {
      let intervals = Parts.of(terms, count: Self.smallIntervals * pool.sizing.workers)
      return try await pool.map(IntervalSum(of: .slow), over: intervals, chunkSize: 1)
    }
  }

  /// Measures ten times as many terms, so that fixed costs are negligible.
  private func longSeries(_ context: BenchContext) async throws {
    let terms = 1..<1_000_000_001
    let label = CaseLabel("slow-series-long")
    context.recorder.announce("\(context.scenario.rawValue) · \(label) · computing the reference")
    let whole = SumStrategies(
      label: label, terms: terms.count, runs: context.options.runs(usual: 7, quickly: 1), context: context,
      reference: SumReference(of: .slow, terms: terms, parts: Self.smallIntervals * context.workers))
    try await whole.serial { Series.slow.sum(over: terms) }
    try await context.withWorkers { pool in
      try await whole.intervals(on: pool) {
        try await pool.map(
          IntervalSum(of: .slow), over: Parts.of(terms, count: context.workers), chunkSize: 1)
      }
      try await smallIntervals(of: terms, whole, on: pool)
    }
  }

  /// The numbers of workers for intervals: those of the scaling table, and the run's own.
  private func counts(_ context: BenchContext) -> [Int] {
    Set(Self.scalingCounts + [context.workers]).sorted()
  }
}

/// The strategies for one sum, each measured into the context's recorder.
private struct SumStrategies {
  let label: CaseLabel
  let terms: Int
  let runs: Int
  let context: BenchContext
  let reference: SumReference

  /// The full sum, in the coordinator.
  func serial(_ sum: () -> Double) async throws {
    try await context.recorder.measure(context.serialKey(label), items: terms, runs: runs) {
      sum()
    } verify: {
      reference.accepts($0)
    }
  }

  /// One interval per worker. The coordinator adds their sums.
  func intervals(
    _ strategy: String = "intervals", on pool: Pool, _ sums: () async throws -> [Double]
  ) async throws {
    let key = context.key(label, strategy, workers: pool.sizing.workers)
    try await context.recorder.measure(key, items: terms, runs: runs, on: pool) {
      try await sums().reduce(0, +)
    } verify: {
      reference.accepts($0)
    }
  }

  /// One item per term. The coordinator adds the terms as they arrive.
  func terms<Terms: AsyncSequence>(on pool: Pool, _ stream: () -> Terms) async throws
  where Terms.Element == Double {
    let key = context.key(label, "terms", workers: pool.sizing.workers)
    try await context.recorder.measure(key, items: terms, runs: runs, on: pool) {
      var sum = 0.0
      for try await term in stream() { sum += term }
      return sum
    } verify: {
      reference.accepts($0)
    }
  }
}

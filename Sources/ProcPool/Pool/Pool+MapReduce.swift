import ProcPoolWorker

extension Pool {
  /// Runs the task on every input and combines the outputs, in the order of the inputs.
  ///
  ///     let sum = try await pool.mapReduce(Term(), over: 1...100_000_000, startingWith: 0)
  ///
  /// The inputs are divided into consecutive parts. A worker combines the outputs of a part in
  /// order and sends back one output. The coordinator combines these in order, starting with
  /// `initial`. The boundaries of the parts depend only on the inputs and on `parts`. The result is
  /// therefore bitwise identical for any number of workers and in every run, if the task is
  /// deterministic.
  ///
  /// If an item fails, its error is thrown as soon as all earlier parts have ended; the rest of its
  /// part does not run. If the Swift task is cancelled, `CancellationError` is thrown immediately,
  /// and running parts are cancelled.
  ///
  /// - Parameters:
  ///   - initial: the value that is combined with the first output; the result if there are no
  ///     inputs.
  ///   - parts: the number of parts if the sequence knows its count in advance (arrays and ranges
  ///     do), which is also the number of outputs that are sent back. The default of 256 keeps
  ///     dozens of workers evenly busy. With `pool.sizing.workers` one output is sent back per
  ///     worker, which is better if outputs are large and items take equally long. If the sequence
  ///     does not know its count, a part has as many inputs as all earlier parts together, divided
  ///     by `parts`: at least 1 and at most 4096.
  ///   - timeout: how long an item may run. The limit applies to an item rather than a part, unless
  ///     a worker cannot share memory with the coordinator; see ``CallOptions/timeout``.
  ///   - preparationTimeout: how long preparing the task may take in a worker; see
  ///     ``CallOptions/preparationTimeout``.
  ///   - deadline: how long the call may take; see ``CallOptions/deadline``.
  ///   - retry: how often a part whose worker is lost is started, from its first input on; see ``CallOptions/retry``.
  ///   - backoff: how an item whose task throws is started again; see ``CallOptions/backoff``.
  ///   - progress: how progress is reported; see ``CallOptions/progress``.
  ///   - options: the same options as one value. Arguments override it. `chunkSize` and `inFlight`
  ///     do not apply.
  /// - Throws: ``PoolError``, `CancellationError`, or the error that iterating the inputs throws.
  /// - Complexity: one round trip per part. Only the bounds of integer ranges are sent; other
  ///   inputs are sent in full.
  @inlinable
  public func mapReduce<T: ReducingTask, Inputs: Sequence<T.Input>>(
    _ task: T, over inputs: Inputs, startingWith initial: T.Output, parts: Int = 256,
    timeout: Duration? = nil, preparationTimeout: Duration? = nil, deadline: Duration? = nil,
    retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil, options: CallOptions = CallOptions(),
    isolation: isolated (any Actor)? = #isolation
  ) async throws -> T.Output {
    try await mapReduce(
      task, CallInputs(inputs), startingWith: initial, parts: parts,
      .init(
        timeout: timeout, preparationTimeout: preparationTimeout, deadline: deadline, retry: retry,
        backoff: backoff, progress: progress
      ).over(
        options),
      isolation: isolation)
  }

  /// Runs the task on consecutive integers and combines the outputs; otherwise like `mapReduce`
  /// over a sequence. Only the bounds of each part are sent.
  ///
  /// - Throws: ``PoolError``, or `CancellationError`.
  public func mapReduce<T: ReducingTask>(
    _ task: T, over inputs: Range<T.Input>, startingWith initial: T.Output, parts: Int = 256,
    timeout: Duration? = nil, preparationTimeout: Duration? = nil, deadline: Duration? = nil,
    retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil, options: CallOptions = CallOptions(),
    isolation: isolated (any Actor)? = #isolation
  ) async throws -> T.Output where T.Input: FixedWidthInteger {
    try await reduced(
      Fold(task, startingWith: initial, in: ReductionParts(integers: inputs.knownCount, parts: parts)),
      from: inputs.lowerBound,
      .init(
        timeout: timeout, preparationTimeout: preparationTimeout, deadline: deadline, retry: retry,
        backoff: backoff, progress: progress
      ).over(
        options), isolation)
  }

  /// Runs the task on consecutive integers and combines the outputs; otherwise like `mapReduce`
  /// over a sequence. Only the bounds of each part are sent.
  ///
  /// - Throws: ``PoolError``, or `CancellationError`.
  public func mapReduce<T: ReducingTask>(
    _ task: T, over inputs: ClosedRange<T.Input>, startingWith initial: T.Output, parts: Int = 256,
    timeout: Duration? = nil, preparationTimeout: Duration? = nil, deadline: Duration? = nil,
    retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil, options: CallOptions = CallOptions(),
    isolation: isolated (any Actor)? = #isolation
  ) async throws -> T.Output where T.Input: FixedWidthInteger {
    try await reduced(
      Fold(task, startingWith: initial, in: ReductionParts(integers: inputs.knownCount, parts: parts)),
      from: inputs.lowerBound,
      .init(
        timeout: timeout, preparationTimeout: preparationTimeout, deadline: deadline, retry: retry,
        backoff: backoff, progress: progress
      ).over(
        options), isolation)
  }

  /// Runs the task on the elements of a finite asynchronous sequence and combines the outputs;
  /// otherwise like `mapReduce` over a sequence that does not know its count.
  ///
  /// - Throws: ``PoolError``, `CancellationError`, or the error that the sequence throws.
  public func mapReduce<T: ReducingTask, Inputs: AsyncSequence & Sendable>(
    _ task: T, over inputs: Inputs, startingWith initial: T.Output, parts: Int = 256,
    timeout: Duration? = nil, preparationTimeout: Duration? = nil, deadline: Duration? = nil,
    retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil, options: CallOptions = CallOptions(),
    isolation: isolated (any Actor)? = #isolation
  ) async throws -> T.Output where Inputs.Element == T.Input {
    let sizes = ReductionParts(inputs: nil, parts: parts)
    var options = CallOptions(
      timeout: timeout, preparationTimeout: preparationTimeout, deadline: deadline, retry: retry,
      backoff: backoff, progress: progress
    ).over(
      options)
    // Two parts for each worker: the largest have thousands of inputs.
    options.inFlight = 2 * sizing.workers
    return try await reduced(
      Fold(task, startingWith: initial, in: sizes), by: InputReduction(task), options, isolation
    ) { call in
      source(AsyncInputParts(inputs: inputs, sizes: sizes), call, options)
    }
  }

  // MARK: - What they have in common

  @usableFromInline
  func mapReduce<T: ReducingTask>(
    _ task: T, _ inputs: CallInputs<T.Input>, startingWith initial: T.Output, parts: Int,
    _ options: CallOptions, isolation: isolated (any Actor)?
  ) async throws -> T.Output {
    let sizes = ReductionParts(inputs: inputs.count, parts: parts)
    try MemoryCheck.requireRoom(forPartOf: sizes.largest, T.Input.self)
    return try await reduced(
      Fold(task, startingWith: initial, in: sizes), by: InputReduction(task), options, isolation
    ) { _ in PartSource(inputs, sizes: sizes) }
  }

  private func reduced<T: ReducingTask>(
    _ fold: Fold<T>, from first: T.Input, _ options: CallOptions, _ isolation: isolated (any Actor)?
  ) async throws -> T.Output where T.Input: FixedWidthInteger {
    try await reduced(fold, by: IntervalReduction(fold.task), options, isolation) { _ in
      SequenceSource(IntervalParts(from: first, sizes: fold.sizes))
    }
  }

  private func reduced<T: ReducingTask, Reduction: PoolTask, Source: InputSource<Reduction.Input>>(
    _ fold: Fold<T>, by reduction: Reduction, _ options: CallOptions, _ isolation: isolated (any Actor)?,
    source: (TypedCall<Reduction>) -> Source
  ) async throws -> T.Output where Reduction.Output == T.Output {
    var options = options
    options.chunkSize = nil
    let call = try TypedCall(reduction, runtime: runtime, options, parts: fold.sizes)
    defer { call.retire() }
    var total = fold.initial
    var next: UInt64 = 0
    // Outputs of parts that arrived before that of an earlier part; in the worst case all but one.
    var waiting: [UInt64: T.Output] = [:]
    try await call.collect(source(call), isolation: isolation) { first, count, slice in
      var cursor = OutputCursor<T.Output>(slice, count: count)
      for part in first..<first + UInt64(count) {
        switch cursor.next(call.decoder, item: call.itemID(part)) {
        case .success(let output): waiting[part] = output
        case .failure(let error): return ItemError(item: part, error: error)
        }
        if call.mustStop() { return nil }
      }
      while !call.mustStop(), let output = waiting.removeValue(forKey: next) {
        fold.task.combine(output, into: &total)
        next += 1
      }
      return nil
    }
    return total
  }
}

/// What a reduction combines: the outputs of a task over the inputs of each part, and then those of the parts.
private struct Fold<T: ReducingTask> {
  let task: T
  /// Comes before the first output, once.
  let initial: T.Output
  let sizes: ReductionParts

  init(_ task: T, startingWith initial: T.Output, in sizes: ReductionParts) {
    self.task = task
    self.initial = initial
    self.sizes = sizes
  }
}

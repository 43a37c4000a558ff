import ProcPoolWorker

extension Pool {
  /// Runs the task on every input and combines the outputs, in the order of the inputs.
  ///
  ///     let sum = try await pool.mapReduce(Term(), over: 1...100_000_000, startingWith: 0)
  ///
  /// The inputs are divided into consecutive parts. A worker combines the outputs of a part from its first to
  /// its last and sends back one; those of the parts are combined here in their order, beginning with
  /// `initial`. Where the parts are depends on the inputs and on `parts`, and on nothing else: the result is
  /// the same, to the last bit, for any number of workers and in every run, unless the task itself decides
  /// otherwise.
  ///
  /// If an item fails, its error is thrown as soon as all parts before its own have ended; no other item is
  /// named, since the rest of its part is not run. If the Swift task is cancelled, `CancellationError` is
  /// thrown at once, and parts that are running are cancelled.
  ///
  /// - Parameters:
  ///   - initial: comes before the first output, once; the result if there are no inputs.
  ///   - parts: how many parts there are, if the sequence knows its count at once (arrays and ranges do): as
  ///     many outputs are sent back. By default 256, which keeps dozens of workers evenly busy;
  ///     `pool.sizing.workers` sends back one for each worker, which is better where outputs are large and
  ///     items take alike. Of a sequence that does not know its count, a part holds a `parts`-th of what came
  ///     before it, at least one input and at most 4096.
  ///   - timeout: how long an item may run, rather than a part, unless a worker cannot share memory with the
  ///     coordinator; see ``CallOptions/timeout``.
  ///   - deadline: how long the call may take; see ``CallOptions/deadline``.
  ///   - retry: how often a part whose worker is lost is started, from its first input on; see ``CallOptions/retry``.
  ///   - progress: how progress is reported; see ``CallOptions/progress``.
  ///   - options: the same options as one value. Arguments override it. `chunkSize` and `inFlight` do not apply.
  /// - Throws: ``PoolError``, or what iterating the inputs throws.
  /// - Complexity: one message for each part. A range of integers travels as its bounds, all else as it is.
  @inlinable
  public func mapReduce<T: ReducingTask, Inputs: Sequence<T.Input>>(
    _ task: T, over inputs: Inputs, startingWith initial: T.Output, parts: Int = 256,
    timeout: Duration? = nil, deadline: Duration? = nil, retry: RetryPolicy? = nil,
    progress: ProgressReport? = nil, options: CallOptions = CallOptions(),
    isolation: isolated (any Actor)? = #isolation
  ) async throws -> T.Output {
    try await mapReduce(
      task, CallInputs(inputs), startingWith: initial, parts: parts,
      options.overridden(
        by: .init(timeout: timeout, deadline: deadline, retry: retry, progress: progress)),
      isolation: isolation)
  }

  /// As `mapReduce`, over consecutive integers, of which only the bounds of each part travel.
  public func mapReduce<T: ReducingTask>(
    _ task: T, over inputs: Range<T.Input>, startingWith initial: T.Output, parts: Int = 256,
    timeout: Duration? = nil, deadline: Duration? = nil, retry: RetryPolicy? = nil,
    progress: ProgressReport? = nil, options: CallOptions = CallOptions(),
    isolation: isolated (any Actor)? = #isolation
  ) async throws -> T.Output where T.Input: FixedWidthInteger {
    try await reduced(
      Fold(task, startingWith: initial, in: PartSizes(integers: inputs.knownCount, parts: parts)),
      from: inputs.lowerBound,
      options.overridden(
        by: .init(timeout: timeout, deadline: deadline, retry: retry, progress: progress)), isolation)
  }

  /// As `mapReduce`, over consecutive integers, of which only the bounds of each part travel.
  public func mapReduce<T: ReducingTask>(
    _ task: T, over inputs: ClosedRange<T.Input>, startingWith initial: T.Output, parts: Int = 256,
    timeout: Duration? = nil, deadline: Duration? = nil, retry: RetryPolicy? = nil,
    progress: ProgressReport? = nil, options: CallOptions = CallOptions(),
    isolation: isolated (any Actor)? = #isolation
  ) async throws -> T.Output where T.Input: FixedWidthInteger {
    try await reduced(
      Fold(task, startingWith: initial, in: PartSizes(integers: inputs.knownCount, parts: parts)),
      from: inputs.lowerBound,
      options.overridden(
        by: .init(timeout: timeout, deadline: deadline, retry: retry, progress: progress)), isolation)
  }

  /// As `mapReduce`, over an asynchronous sequence that ends, which never knows its count.
  public func mapReduce<T: ReducingTask, Inputs: AsyncSequence & Sendable>(
    _ task: T, over inputs: Inputs, startingWith initial: T.Output, parts: Int = 256,
    timeout: Duration? = nil, deadline: Duration? = nil, retry: RetryPolicy? = nil,
    progress: ProgressReport? = nil, options: CallOptions = CallOptions(),
    isolation: isolated (any Actor)? = #isolation
  ) async throws -> T.Output where Inputs.Element == T.Input {
    let sizes = PartSizes(inputs: nil, parts: parts)
    var options = options.overridden(
      by: .init(timeout: timeout, deadline: deadline, retry: retry, progress: progress))
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
    let sizes = PartSizes(inputs: inputs.count, parts: parts)
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
    // Parts that have come before an earlier one: all of them, at the worst, where that takes very long.
    var waiting: [UInt64: T.Output] = [:]
    try await runtime.collect(call, source(call), isolation: isolation) { first, count, slice in
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
  let sizes: PartSizes

  init(_ task: T, startingWith initial: T.Output, in sizes: PartSizes) {
    self.task = task
    self.initial = initial
    self.sizes = sizes
  }
}

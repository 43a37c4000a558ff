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
  ///   - timeout: how long an item may run, as for `map`; an item, and not a part, unless a worker cannot
  ///     share memory with the coordinator.
  ///   - deadline: how long the call may take, as for `map`.
  ///   - retry: how often a part is begun whose worker is lost, from its first input on; once unless given.
  ///   - progress: who is told how far the call has come.
  /// - Throws: ``PoolError``, or what iterating the inputs throws.
  /// - Complexity: one message for each part. A range of integers travels as its bounds, all else as it is.
  @inlinable
  public func mapReduce<Task: ReducingTask, Inputs: Sequence<Task.Input>>(
    _ task: Task, over inputs: Inputs, startingWith initial: Task.Output, parts: Int = 256,
    timeout: Duration? = nil, deadline: Duration? = nil, retry: RetryPolicy = .atMostOnce,
    progress: ProgressReport? = nil,
    isolation: isolated (any Actor)? = #isolation
  ) async throws -> Task.Output {
    try await mapReduce(
      task, CallInputs(inputs), initial, parts, timeout, deadline, retry, progress, isolation: isolation)
  }

  /// As `mapReduce`, over consecutive integers, of which only the bounds of each part travel.
  public func mapReduce<Task: ReducingTask>(
    _ task: Task, over inputs: Range<Task.Input>, startingWith initial: Task.Output, parts: Int = 256,
    timeout: Duration? = nil, deadline: Duration? = nil, retry: RetryPolicy = .atMostOnce,
    progress: ProgressReport? = nil,
    isolation: isolated (any Actor)? = #isolation
  ) async throws -> Task.Output where Task.Input: FixedWidthInteger {
    try await reduced(
      task, inputs.lowerBound, inputs.knownCount, initial, parts, CallLimits(timeout, deadline, retry),
      progress, isolation)
  }

  /// As `mapReduce`, over consecutive integers, of which only the bounds of each part travel.
  public func mapReduce<Task: ReducingTask>(
    _ task: Task, over inputs: ClosedRange<Task.Input>, startingWith initial: Task.Output, parts: Int = 256,
    timeout: Duration? = nil, deadline: Duration? = nil, retry: RetryPolicy = .atMostOnce,
    progress: ProgressReport? = nil,
    isolation: isolated (any Actor)? = #isolation
  ) async throws -> Task.Output where Task.Input: FixedWidthInteger {
    try await reduced(
      task, inputs.lowerBound, inputs.knownCount, initial, parts, CallLimits(timeout, deadline, retry),
      progress, isolation)
  }

  /// As `mapReduce`, over an asynchronous sequence that ends, which never knows its count.
  public func mapReduce<Task: ReducingTask, Inputs: AsyncSequence & Sendable>(
    _ task: Task, over inputs: Inputs, startingWith initial: Task.Output, parts: Int = 256,
    timeout: Duration? = nil, deadline: Duration? = nil, retry: RetryPolicy = .atMostOnce,
    progress: ProgressReport? = nil,
    isolation: isolated (any Actor)? = #isolation
  ) async throws -> Task.Output where Inputs.Element == Task.Input {
    let sizes = PartSizes(inputs: nil, parts: parts)
    return try await reduced(
      task, InputReduction(task), initial, sizes, CallLimits(timeout, deadline, retry), progress, isolation
    ) { call in
      // Two parts for each worker: the largest have thousands of inputs.
      source(AsyncInputParts(inputs: inputs, sizes: sizes), call, nil, 2 * sizing.workers)
    }
  }

  // MARK: - What they have in common

  @usableFromInline
  func mapReduce<Task: ReducingTask>(
    _ task: Task, _ inputs: CallInputs<Task.Input>, _ initial: Task.Output, _ parts: Int,
    _ timeout: Duration?, _ deadline: Duration?, _ retry: RetryPolicy, _ progress: ProgressReport?,
    isolation: isolated (any Actor)?
  ) async throws -> Task.Output {
    let sizes = PartSizes(inputs: inputs.count, parts: parts)
    try MemoryCheck.requireRoom(forPartOf: sizes.largest, Task.Input.self)
    return try await reduced(
      task, InputReduction(task), initial, sizes, CallLimits(timeout, deadline, retry), progress, isolation
    ) { _ in PartSource(inputs, sizes: sizes) }
  }

  private func reduced<Task: ReducingTask>(
    _ task: Task, _ first: Task.Input, _ count: Int?, _ initial: Task.Output, _ parts: Int,
    _ limits: CallLimits, _ progress: ProgressReport?, _ isolation: isolated (any Actor)?
  ) async throws -> Task.Output where Task.Input: FixedWidthInteger {
    guard let count else {
      throw PoolError.tooManyInputs("the range of inputs has more integers than an Int can count; divide it")
    }
    let sizes = PartSizes(inputs: count, parts: parts)
    return try await reduced(task, IntervalReduction(task), initial, sizes, limits, progress, isolation) {
      _ in
      let items = IntervalParts(from: first, count: count, sizes: sizes)
      return SequenceSource(items)
    }
  }

  private func reduced<Task: ReducingTask, Reduction: PoolTask, Source: InputSource<Reduction.Input>>(
    _ task: Task, _ reduction: Reduction, _ initial: Task.Output, _ sizes: PartSizes, _ limits: CallLimits,
    _ progress: ProgressReport?, _ isolation: isolated (any Actor)?, source: (TypedCall<Reduction>) -> Source
  ) async throws -> Task.Output where Reduction.Output == Task.Output {
    let call = try TypedCall(
      reduction, runtime: runtime, chunkSize: nil, limits, progress: progress, parts: sizes)
    defer { call.retire() }
    var total = initial
    var next: UInt64 = 0
    // Parts that have come before an earlier one: all of them, at the worst, where that takes very long.
    var waiting: [UInt64: Task.Output] = [:]
    try await runtime.collect(call, source(call), isolation: isolation) { first, count, slice in
      var cursor = OutputCursor<Task.Output>(slice, count: count)
      for part in first..<first + UInt64(count) {
        switch cursor.next(call.decoder, item: call.taskID(part)) {
        case .success(let output): waiting[part] = output
        case .failure(let error): return ItemError(item: part, error: error)
        }
        if call.mustStop() { return nil }
      }
      while !call.mustStop(), let output = waiting.removeValue(forKey: next) {
        task.combine(output, into: &total)
        next += 1
      }
      return nil
    }
    return total
  }
}

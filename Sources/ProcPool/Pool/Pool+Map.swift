import ProcPoolWire
import ProcPoolWorker

extension Pool {
  /// Runs the task on every input and returns the outputs in the order of the inputs.
  ///
  ///     let squares = try await pool.map(Square(), over: 0..<1_000_000)
  ///
  /// Inputs are taken from the sequence as workers need them, and none after the call has ended. If
  /// items fail, the error of the first of them in input order is thrown as soon as all items
  /// before it have ended; items that have not started by then never run. If the Swift task is
  /// cancelled, `CancellationError` is thrown immediately, unstarted items are taken back from the
  /// workers, and running items are cancelled, see ``CancellationGrace``.
  ///
  /// - Parameters:
  ///   - chunkSize: the number of items that are sent to a worker at a time; see ``CallOptions/chunkSize``.
  ///   - timeout: how long an item may run; see ``CallOptions/timeout``.
  ///   - preparationTimeout: how long preparing the task may take in a worker; see
  ///     ``CallOptions/preparationTimeout``.
  ///   - deadline: how long the call may take; see ``CallOptions/deadline``.
  ///   - retry: how often an item whose worker is lost is started; see ``CallOptions/retry``.
  ///   - backoff: how an item whose task throws is started again; see ``CallOptions/backoff``.
  ///   - progress: how progress is reported; see ``CallOptions/progress``.
  ///   - options: the same options as one value. Arguments override it.
  /// - Returns: one output per input, in the order of the inputs.
  /// - Throws: ``PoolError``, `CancellationError`, or the error that iterating the inputs throws.
  /// - Complexity: one round trip per chunk. Inputs and outputs that are `WireBlock` are copied as
  ///   memory.
  @inlinable
  public func map<T: PoolTask, Inputs: Sequence<T.Input>>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions(),
    isolation: isolated (any Actor)? = #isolation
  ) async throws -> [T.Output] where T.Output: Codable {
    try await map(
      task, CallInputs(inputs),
      .init(
        chunkSize: chunkSize, timeout: timeout, preparationTimeout: preparationTimeout, deadline: deadline,
        retry: retry, backoff: backoff,
        progress: progress
      )
      .over(options),
      isolation: isolation)
  }

  /// Runs the task on every input and drops the outputs, in constant memory. The verb for tasks that return nothing.
  ///
  /// The parameters are those of `map`.
  ///
  /// - Throws: ``PoolError``, `CancellationError`, or the error that iterating the inputs throws.
  @inlinable
  public func forEach<T: PoolTask, Inputs: Sequence<T.Input>>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions(),
    isolation: isolated (any Actor)? = #isolation
  ) async throws {
    try await forEach(
      task, CallInputs(inputs),
      .init(
        chunkSize: chunkSize, timeout: timeout, preparationTimeout: preparationTimeout, deadline: deadline,
        retry: retry, backoff: backoff,
        progress: progress
      )
      .over(options),
      isolation: isolation)
  }

  /// Runs the task on every input and returns the result of each, in the order of the inputs.
  ///
  /// Nothing is thrown. An item that fails, that is lost with its worker, or that could not be run
  /// has a failure as its result, and the other items run.
  ///
  /// If the call ends early, no further inputs are taken, and unfinished items fail with
  /// ``PoolError/cancelled(_:)`` (the Swift task was cancelled), ``PoolError/deadlineExceeded(limit:)``,
  /// ``PoolError/terminated``, ``PoolError/workersUnavailable(_:)``, or what `map` would throw if the call could
  /// not start. Outputs that have already arrived are still decoded, for up to 100 ms. Inputs that
  /// were never taken fail in the same way: one failure for each if the sequence knows its count in
  /// advance (arrays and ranges do), otherwise a single one, so that results without a failure are
  /// always complete. If results for the claimed count cannot fit in memory, no item is run and the
  /// only result is ``PoolError/tooManyInputs(_:)``.
  ///
  /// The parameters are those of `map`.
  @inlinable
  public func mapResults<T: PoolTask, Inputs: Sequence<T.Input>>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions(),
    isolation: isolated (any Actor)? = #isolation
  ) async -> [Result<T.Output, PoolError>] where T.Output: Codable {
    await mapResults(
      task, CallInputs(inputs),
      .init(
        chunkSize: chunkSize, timeout: timeout, preparationTimeout: preparationTimeout, deadline: deadline,
        retry: retry, backoff: backoff,
        progress: progress
      )
      .over(options),
      isolation: isolation)
  }

  /// Runs a task without output on every input and returns the result of each; otherwise like
  /// `mapResults` for tasks with output.
  @inlinable
  public func mapResults<T: PoolTask, Inputs: Sequence<T.Input>>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions(),
    isolation: isolated (any Actor)? = #isolation
  ) async -> [Result<T.Output, PoolError>] where T.Output == Void {
    await mapResults(
      task, CallInputs(inputs),
      .init(
        chunkSize: chunkSize, timeout: timeout, preparationTimeout: preparationTimeout, deadline: deadline,
        retry: retry, backoff: backoff,
        progress: progress
      )
      .over(options),
      isolation: isolation)
  }

  // MARK: - What they have in common

  @usableFromInline
  func map<T: PoolTask>(
    _ task: T, _ inputs: CallInputs<T.Input>, _ options: CallOptions, isolation: isolated (any Actor)?
  ) async throws -> [T.Output] {
    let count = try MemoryCheck.requireRoom(for: inputs.count, of: T.Output.self, what: "outputs")
    let call = try TypedCall(task, runtime: runtime, options)
    defer { call.retire() }
    if let array = inputs.array {
      return try await outputs(call, ArraySource(array), reserving: count, isolation)
    }
    return try await outputs(call, SequenceSource(inputs), reserving: count, isolation)
  }

  @usableFromInline
  func forEach<T: PoolTask>(
    _ task: T, _ inputs: CallInputs<T.Input>, _ options: CallOptions, isolation: isolated (any Actor)?
  ) async throws {
    let call = try TypedCall(task, runtime: runtime, options)
    defer { call.retire() }
    try await call.collect(SequenceSource(inputs), isolation: isolation) { _, _, _ in nil }
  }

  func outputs<T: PoolTask>(
    _ call: TypedCall<T>, _ source: some InputSource<T.Input>, reserving count: Int = 0,
    _ isolation: isolated (any Actor)?
  ) async throws -> [T.Output] {
    var storage = OutputStorage<T.Output>(isBlock: call.decoder.isBlock)
    storage.reserve(count)
    try await call.collect(source, isolation: isolation) { first, count, slice in
      storage.store(
        first, count: count, slice, call.decoder, call: call.box.id, mustStop: { call.mustStop() })
    }
    return storage.finish(call.submitted)
  }

  @usableFromInline
  func mapResults<T: PoolTask>(
    _ task: T, _ inputs: CallInputs<T.Input>, _ options: CallOptions, isolation: isolated (any Actor)?
  ) async -> [Result<T.Output, PoolError>] {
    let source = SequenceSource(inputs)
    let call: TypedCall<T>
    do {
      try MemoryCheck.requireRoom(
        for: inputs.count, of: Result<T.Output, PoolError>.self, what: "results")
      call = try TypedCall(task, runtime: runtime, options)
    } catch {
      // If the call cannot start, every item fails.
      let failure = error as? PoolError ?? .taskUnavailable("\(error)")
      if case .tooManyInputs = failure { return [.failure(failure)] }
      var rest = source
      return Array(repeating: .failure(failure), count: source.remaining ?? (rest.hasAny() ? 1 : 0))
    }
    // Taking inputs from a sequence throws nothing.
    return await results(call, source, isolation).results
  }

  /// What became of each input, and what the inputs' own sequence has thrown.
  func results<T: PoolTask>(
    _ call: TypedCall<T>, _ inputs: some InputSource<T.Input>, _ isolation: isolated (any Actor)?
  ) async -> (results: [Result<T.Output, PoolError>], inputError: (any Error)?) {
    defer { call.retire() }
    var source = inputs
    var inputError: (any Error)?
    // What has come by the end is a result, unless the caller's decoder takes long.
    call.patience = 100_000_000
    var results: [Result<T.Output, PoolError>?] = []
    func put(_ result: Result<T.Output, PoolError>, at item: UInt64) {
      while results.count <= Int(item) { results.append(nil) }
      results[Int(item)] = result
    }
    /// - Returns: whether the pool wants more at once.
    func takeNews(submits: Bool) -> Bool {
      do {
        return try call.exchange(&source, submits: submits && inputError == nil) { news in
          switch news {
          case .failure(let item, let error): put(.failure(error), at: item)
          case .outputs(let first, let count, let slice):
            var cursor = OutputCursor<T.Output>(slice, count: count)
            for item in first..<first + UInt64(count) {
              put(cursor.next(call.decoder, item: call.itemID(item)), at: item)
              if call.mustStop() { return }
            }
          }
        }
      } catch {
        inputError = error
        return false
      }
    }
    do {
      try await call.drive(isolation: isolation) {
        let wantsMore = takeNews(submits: true)
        if call.isComplete, source.isExhausted || inputError != nil || call.poolEnd != nil { return .done }
        if call.expired != nil { return .done }
        return wantsMore ? .again : .wait()
      }
    } catch {
      // The Swift task was cancelled. Results of ended items are kept, even if they are still in a worker.
      runtime.fetchResults()
      _ = takeNews(submits: false)
    }
    // Items that have not ended, and inputs that were never taken, of which there may be very many.
    let untaken = source.isExhausted ? 0 : source.remaining ?? 1
    var all: [Result<T.Output, PoolError>] = []
    all.reserveCapacity(call.taken + untaken)
    for item in 0..<call.taken {
      let result = item < results.count ? results[item] : nil
      all.append(result ?? .failure(call.endOfUnfinished(item)))
    }
    if let error = call.expired ?? call.poolEnd {
      all.append(contentsOf: repeatElement(.failure(error), count: untaken))
    } else {
      for item in call.taken..<call.taken + untaken { all.append(.failure(call.endOfUnfinished(item))) }
    }
    return (all, inputError)
  }
}

import ProcPoolWorker

// The verbs over asynchronous sequences. A separate Swift task fetches the inputs, ahead of the
// workers by at most what keeps them busy, so results arrive while the sequence produces its next
// element. An error that the sequence throws is thrown when all earlier items have ended.

extension Pool {
  /// As `imap`, over an asynchronous sequence.
  ///
  /// A chunk of automatic size is sent as soon as a worker has room, with the inputs that have
  /// arrived by then. A chunk of a given size waits until it is complete.
  public func imap<T: PoolTask, Inputs: AsyncSequence & Sendable>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, inFlight: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> PoolStream<T.Output> where Inputs.Element == T.Input, T.Output: Codable {
    stream(
      task, inputs, .ordered, .plain,
      .init(
        chunkSize: chunkSize, inFlight: inFlight, timeout: timeout, preparationTimeout: preparationTimeout,
        deadline: deadline, retry: retry,
        backoff: backoff,
        progress: progress
      ).over(options))
  }

  /// Runs the task on the elements of an asynchronous sequence and yields each output as soon as it
  /// arrives; otherwise like `imap` over an asynchronous sequence.
  public func imapUnordered<T: PoolTask, Inputs: AsyncSequence & Sendable>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, inFlight: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> PoolStream<T.Output> where Inputs.Element == T.Input, T.Output: Codable {
    stream(
      task, inputs, .unordered, .plain,
      .init(
        chunkSize: chunkSize, inFlight: inFlight, timeout: timeout, preparationTimeout: preparationTimeout,
        deadline: deadline, retry: retry,
        backoff: backoff,
        progress: progress
      ).over(options))
  }

  /// Runs the task on the elements of an asynchronous sequence and yields a `Result` per item, so
  /// that a failed item does not end the stream; otherwise like `imap` over an asynchronous
  /// sequence.
  ///
  /// - Parameter ordered: whether results are yielded in the order of the inputs, or as soon as
  ///   they arrive.
  public func imapResults<T: PoolTask, Inputs: AsyncSequence & Sendable>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, ordered: Bool = true, inFlight: Int? = nil,
    timeout: Duration? = nil, preparationTimeout: Duration? = nil, deadline: Duration? = nil,
    retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil, options: CallOptions = CallOptions()
  ) -> PoolStream<Result<T.Output, PoolError>> where Inputs.Element == T.Input, T.Output: Codable {
    stream(
      task, inputs, ordered ? .ordered : .unordered, .results,
      .init(
        chunkSize: chunkSize, inFlight: inFlight, timeout: timeout, preparationTimeout: preparationTimeout,
        deadline: deadline, retry: retry,
        backoff: backoff,
        progress: progress
      ).over(options))
  }

  /// Runs a task without output on the elements of an asynchronous sequence and yields a `Result` per item; otherwise
  /// like `imapResults` for tasks with output.
  public func imapResults<T: PoolTask, Inputs: AsyncSequence & Sendable>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, ordered: Bool = true, inFlight: Int? = nil,
    timeout: Duration? = nil, preparationTimeout: Duration? = nil, deadline: Duration? = nil,
    retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil, options: CallOptions = CallOptions()
  ) -> PoolStream<Result<T.Output, PoolError>> where Inputs.Element == T.Input, T.Output == Void {
    stream(
      task, inputs, ordered ? .ordered : .unordered, .results,
      .init(
        chunkSize: chunkSize, inFlight: inFlight, timeout: timeout, preparationTimeout: preparationTimeout,
        deadline: deadline, retry: retry,
        backoff: backoff,
        progress: progress
      ).over(options))
  }

  /// As `map`, over an asynchronous sequence that ends.
  public func map<T: PoolTask, Inputs: AsyncSequence & Sendable>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions(),
    isolation: isolated (any Actor)? = #isolation
  ) async throws -> [T.Output] where Inputs.Element == T.Input, T.Output: Codable {
    let options = CallOptions(
      chunkSize: chunkSize, timeout: timeout, preparationTimeout: preparationTimeout, deadline: deadline,
      retry: retry, backoff: backoff,
      progress: progress
    ).over(options)
    let call = try TypedCall(task, runtime: runtime, options)
    defer { call.retire() }
    return try await outputs(call, source(inputs, call, options), isolation)
  }

  /// As `mapResults`, over an asynchronous sequence
  /// that ends. If the call ends before it does, one failure stands for all that was not taken of it.
  ///
  /// - Throws: the error that the sequence throws, after all earlier items have ended.
  public func mapResults<T: PoolTask, Inputs: AsyncSequence & Sendable>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions(),
    isolation: isolated (any Actor)? = #isolation
  ) async throws -> [Result<T.Output, PoolError>]
  where Inputs.Element == T.Input, T.Output: Codable {
    try await mapResults(
      task, inputs,
      .init(
        chunkSize: chunkSize, timeout: timeout, preparationTimeout: preparationTimeout, deadline: deadline,
        retry: retry, backoff: backoff,
        progress: progress
      ).over(options), isolation)
  }

  /// Runs a task without output on the elements of an asynchronous sequence and returns a `Result` per item; otherwise
  /// like `mapResults` for tasks with output.
  ///
  /// - Throws: the error that the sequence throws, after all earlier items have ended.
  public func mapResults<T: PoolTask, Inputs: AsyncSequence & Sendable>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions(),
    isolation: isolated (any Actor)? = #isolation
  ) async throws -> [Result<T.Output, PoolError>]
  where Inputs.Element == T.Input, T.Output == Void {
    try await mapResults(
      task, inputs,
      .init(
        chunkSize: chunkSize, timeout: timeout, preparationTimeout: preparationTimeout, deadline: deadline,
        retry: retry, backoff: backoff,
        progress: progress
      ).over(options), isolation)
  }

  /// As `forEach`, over an asynchronous sequence, which
  /// may be endless.
  public func forEach<T: PoolTask, Inputs: AsyncSequence & Sendable>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions(),
    isolation: isolated (any Actor)? = #isolation
  ) async throws where Inputs.Element == T.Input {
    let options = CallOptions(
      chunkSize: chunkSize, timeout: timeout, preparationTimeout: preparationTimeout, deadline: deadline,
      retry: retry, backoff: backoff,
      progress: progress
    ).over(options)
    let call = try TypedCall(task, runtime: runtime, options)
    defer { call.retire() }
    try await call.collect(source(inputs, call, options), isolation: isolation) { _, _, _ in
      nil
    }
  }

  private func mapResults<T: PoolTask, Inputs: AsyncSequence & Sendable>(
    _ task: T, _ inputs: Inputs, _ options: CallOptions, _ isolation: isolated (any Actor)?
  ) async throws -> [Result<T.Output, PoolError>] where Inputs.Element == T.Input {
    let call: TypedCall<T>
    do {
      call = try TypedCall(task, runtime: runtime, options)
    } catch let error as PoolError {
      // Nothing has been taken from the sequence, so its length is unknown.
      return [.failure(error)]
    }
    let (results, inputError) = await results(call, source(inputs, call, options), isolation)
    if let inputError { throw inputError }
    return results
  }

  func source<T: PoolTask, Inputs: AsyncSequence & Sendable>(
    _ inputs: Inputs, _ call: TypedCall<T>, _ options: CallOptions, keptIn kept: KeptInputs<T.Input>? = nil
  ) -> AsyncSource<T.Input> where Inputs.Element == T.Input {
    // Two chunks for each worker, or some dozens of items where chunks are small.
    let chunk = min(options.chunkSize ?? 1, Pacing.maximumChunk)
    let capacity = max(options.inFlight ?? sizing.workers * max(2 * chunk, 64), chunk)
    return AsyncSource(inputs, capacity: capacity, kept: kept) { [runtime, box = call.box] in
      runtime.call(ownerOf: box)
    }
  }

  private func stream<T: PoolTask, Inputs: AsyncSequence & Sendable, Element>(
    _ task: T, _ inputs: Inputs, _ order: StreamOrder,
    _ elements: @escaping @autoclosure @Sendable () -> StreamElements<T.Output, Element>,
    _ options: CallOptions
  ) -> PoolStream<Element> where Inputs.Element == T.Input {
    stream(task, order, options) { [self] call in (source(inputs, call, options), elements()) }
  }
}

import ProcPoolWorker

// Streams over sequences that are not `Sendable`. Without these functions the compiler would find those for `Sendable`
// sequences, and make `numbers.lazy.map { … }` fit them: by the `map` of every sequence, which returns an array, at once
// and of an endless sequence never.

extension Pool {
  /// As `imap`, over a sequence that is not `Sendable`: the stream stays where it was made.
  @inlinable
  public func imap<T: PoolTask, Inputs: Sequence<T.Input>>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, inFlight: Int? = nil,
    timeout: Duration? = nil, preparationTimeout: Duration? = nil, deadline: Duration? = nil,
    retry: RetryPolicy? = nil, backoff: Backoff? = nil, progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> LocalPoolStream<T.Output> where T.Output: Codable {
    outputs(
      task, .ordered,
      .init(
        chunkSize: chunkSize, inFlight: inFlight, timeout: timeout, preparationTimeout: preparationTimeout,
        deadline: deadline, retry: retry,
        backoff: backoff,
        progress: progress
      ).over(options), over: CallInputs(inputs))
  }

  /// As `imapUnordered`, over a sequence that is not `Sendable`: the stream stays where it was made.
  @inlinable
  public func imapUnordered<T: PoolTask, Inputs: Sequence<T.Input>>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, inFlight: Int? = nil,
    timeout: Duration? = nil, preparationTimeout: Duration? = nil, deadline: Duration? = nil,
    retry: RetryPolicy? = nil, backoff: Backoff? = nil, progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> LocalPoolStream<T.Output> where T.Output: Codable {
    outputs(
      task, .unordered,
      .init(
        chunkSize: chunkSize, inFlight: inFlight, timeout: timeout, preparationTimeout: preparationTimeout,
        deadline: deadline, retry: retry,
        backoff: backoff,
        progress: progress
      ).over(options), over: CallInputs(inputs))
  }

  /// As `imapResults`, over a sequence that is not `Sendable`: the stream stays where it was made.
  @inlinable
  public func imapResults<T: PoolTask, Inputs: Sequence<T.Input>>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, ordered: Bool = true, inFlight: Int? = nil,
    timeout: Duration? = nil, preparationTimeout: Duration? = nil, deadline: Duration? = nil,
    retry: RetryPolicy? = nil, backoff: Backoff? = nil, progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> LocalPoolStream<Result<T.Output, PoolError>> where T.Output: Codable {
    results(
      task, ordered ? .ordered : .unordered,
      .init(
        chunkSize: chunkSize, inFlight: inFlight, timeout: timeout, preparationTimeout: preparationTimeout,
        deadline: deadline, retry: retry,
        backoff: backoff,
        progress: progress
      ).over(options), over: CallInputs(inputs))
  }

  /// As `imapResults` over a sequence that is not `Sendable`, for a task that returns nothing.
  @inlinable
  public func imapResults<T: PoolTask, Inputs: Sequence<T.Input>>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, ordered: Bool = true, inFlight: Int? = nil,
    timeout: Duration? = nil, preparationTimeout: Duration? = nil, deadline: Duration? = nil,
    retry: RetryPolicy? = nil, backoff: Backoff? = nil, progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> LocalPoolStream<Result<Void, PoolError>> where T.Output == Void {
    results(
      task, ordered ? .ordered : .unordered,
      .init(
        chunkSize: chunkSize, inFlight: inFlight, timeout: timeout, preparationTimeout: preparationTimeout,
        deadline: deadline, retry: retry,
        backoff: backoff,
        progress: progress
      ).over(options), over: CallInputs(inputs))
  }

  /// As `imapItems`, over a sequence that is not `Sendable`: the stream stays where it was made.
  @inlinable
  public func imapItems<T: PoolTask, Inputs: Sequence<T.Input>>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, ordered: Bool = true, inFlight: Int? = nil,
    timeout: Duration? = nil, preparationTimeout: Duration? = nil, deadline: Duration? = nil,
    retry: RetryPolicy? = nil, backoff: Backoff? = nil, progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> LocalPoolStream<ItemResult<T.Input, T.Output>> where T.Output: Codable {
    items(
      task, ordered ? .ordered : .unordered,
      .init(
        chunkSize: chunkSize, inFlight: inFlight, timeout: timeout, preparationTimeout: preparationTimeout,
        deadline: deadline, retry: retry,
        backoff: backoff,
        progress: progress
      ).over(options), over: CallInputs(inputs))
  }

  /// As `imapItems` over a sequence that is not `Sendable`, for a task that returns nothing.
  @inlinable
  public func imapItems<T: PoolTask, Inputs: Sequence<T.Input>>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, ordered: Bool = true, inFlight: Int? = nil,
    timeout: Duration? = nil, preparationTimeout: Duration? = nil, deadline: Duration? = nil,
    retry: RetryPolicy? = nil, backoff: Backoff? = nil, progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> LocalPoolStream<ItemResult<T.Input, Void>> where T.Output == Void {
    items(
      task, ordered ? .ordered : .unordered,
      .init(
        chunkSize: chunkSize, inFlight: inFlight, timeout: timeout, preparationTimeout: preparationTimeout,
        deadline: deadline, retry: retry,
        backoff: backoff,
        progress: progress
      ).over(options), over: CallInputs(inputs))
  }

  @usableFromInline
  func outputs<T: PoolTask>(
    _ task: T, _ order: StreamOrder, _ options: CallOptions, over inputs: CallInputs<T.Input>
  ) -> LocalPoolStream<T.Output> {
    local(task, order, options) { (SequenceSource(inputs), .plain) }
  }

  @usableFromInline
  func results<T: PoolTask>(
    _ task: T, _ order: StreamOrder, _ options: CallOptions, over inputs: CallInputs<T.Input>
  ) -> LocalPoolStream<Result<T.Output, PoolError>> {
    local(task, order, options) { (SequenceSource(inputs), .results) }
  }

  @usableFromInline
  func items<T: PoolTask>(
    _ task: T, _ order: StreamOrder, _ options: CallOptions, over inputs: CallInputs<T.Input>
  ) -> LocalPoolStream<ItemResult<T.Input, T.Output>> {
    local(task, order, options) {
      let kept = KeptInputs<T.Input>()
      return (SequenceSource(inputs.kept(in: kept)), .items(kept))
    }
  }

  private func local<T: PoolTask, Element>(
    _ task: T, _ order: StreamOrder, _ options: CallOptions,
    begin: @escaping () -> (SequenceSource<T.Input>, StreamElements<T.Output, Element>)
  ) -> LocalPoolStream<Element> {
    options.requireRoom()
    return LocalPoolStream { [self] in try iteration(task, order, options) { _ in begin() } }
  }
}

import ProcPoolWorker

extension Pool {
  /// As `imapResults`, but yields each
  /// result with its input and the position of that among the inputs.
  ///
  ///     for try await item in pool.imapItems(Scale(factor: 3), over: inputs, ordered: false) {
  ///       print("\(item.index): \(item.input) gave \(item.result)")
  ///     }
  ///
  /// - Complexity: an input is kept in memory until its result is yielded: as many as are in flight.
  @inlinable
  public func imapItems<T: PoolTask, Inputs: Sequence<T.Input> & Sendable>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, ordered: Bool = true, inFlight: Int? = nil,
    timeout: Duration? = nil, preparationTimeout: Duration? = nil, deadline: Duration? = nil,
    retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil, options: CallOptions = CallOptions()
  ) -> PoolStream<ItemResult<T.Input, T.Output>> where T.Output: Codable {
    items(
      task, ordered ? .ordered : .unordered,
      .init(
        chunkSize: chunkSize, inFlight: inFlight, timeout: timeout, preparationTimeout: preparationTimeout,
        deadline: deadline, retry: retry,
        backoff: backoff,
        progress: progress
      ).over(options)
    ) { CallInputs(inputs) }
  }

  /// As `imapItems` for outputs, for a task that returns nothing.
  @inlinable
  public func imapItems<T: PoolTask, Inputs: Sequence<T.Input> & Sendable>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, ordered: Bool = true, inFlight: Int? = nil,
    timeout: Duration? = nil, preparationTimeout: Duration? = nil, deadline: Duration? = nil,
    retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil, options: CallOptions = CallOptions()
  ) -> PoolStream<ItemResult<T.Input, Void>> where T.Output == Void {
    items(
      task, ordered ? .ordered : .unordered,
      .init(
        chunkSize: chunkSize, inFlight: inFlight, timeout: timeout, preparationTimeout: preparationTimeout,
        deadline: deadline, retry: retry,
        backoff: backoff,
        progress: progress
      ).over(options)
    ) { CallInputs(inputs) }
  }

  /// As `imapItems`, over an asynchronous sequence.
  public func imapItems<T: PoolTask, Inputs: AsyncSequence & Sendable>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, ordered: Bool = true, inFlight: Int? = nil,
    timeout: Duration? = nil, preparationTimeout: Duration? = nil, deadline: Duration? = nil,
    retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil, options: CallOptions = CallOptions()
  ) -> PoolStream<ItemResult<T.Input, T.Output>> where Inputs.Element == T.Input, T.Output: Codable {
    items(
      task, inputs, ordered ? .ordered : .unordered,
      .init(
        chunkSize: chunkSize, inFlight: inFlight, timeout: timeout, preparationTimeout: preparationTimeout,
        deadline: deadline, retry: retry,
        backoff: backoff,
        progress: progress
      ).over(options))
  }

  /// As `imapItems`, over an asynchronous sequence, for a task that returns nothing.
  public func imapItems<T: PoolTask, Inputs: AsyncSequence & Sendable>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, ordered: Bool = true, inFlight: Int? = nil,
    timeout: Duration? = nil, preparationTimeout: Duration? = nil, deadline: Duration? = nil,
    retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil, options: CallOptions = CallOptions()
  ) -> PoolStream<ItemResult<T.Input, Void>> where Inputs.Element == T.Input, T.Output == Void {
    items(
      task, inputs, ordered ? .ordered : .unordered,
      .init(
        chunkSize: chunkSize, inFlight: inFlight, timeout: timeout, preparationTimeout: preparationTimeout,
        deadline: deadline, retry: retry,
        backoff: backoff,
        progress: progress
      ).over(options))
  }

  @usableFromInline
  func items<T: PoolTask>(
    _ task: T, _ order: StreamOrder, _ options: CallOptions,
    over inputs: @escaping @Sendable () -> CallInputs<T.Input>
  ) -> PoolStream<ItemResult<T.Input, T.Output>> {
    stream(task, order, options) { _ in
      let kept = KeptInputs<T.Input>()
      return (SequenceSource(inputs().kept(in: kept)), .items(kept))
    }
  }

  private func items<T: PoolTask, Inputs: AsyncSequence & Sendable>(
    _ task: T, _ inputs: Inputs, _ order: StreamOrder, _ options: CallOptions
  ) -> PoolStream<ItemResult<T.Input, T.Output>> where Inputs.Element == T.Input {
    stream(task, order, options) { [self] call in
      let kept = KeptInputs<T.Input>()
      return (source(inputs, call, options, keptIn: kept), .items(kept))
    }
  }
}

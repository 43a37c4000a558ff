import ProcPoolSystem
import ProcPoolWorker

extension Pool {
  /// Runs the task on inputs as results are consumed, and yields the outputs in the order of the
  /// inputs.
  ///
  ///     for try await y in pool.imap(Power(exponent: 2), over: 1..., chunkSize: 64) { … }
  ///
  /// Works over endless sequences, in constant memory: inputs are taken from the sequence, in the consumer's
  /// context, when workers have room for them. If inputs are slow to arrive, those already taken are sent, and
  /// results are yielded, in between. An item that fails ends the stream with its error in its turn;
  /// `imapResults` and `imapItems` continue.
  ///
  /// - Parameters:
  ///   - chunkSize: the number of items that are sent to a worker at a time; see ``CallOptions/chunkSize``. Results
  ///     arrive a chunk at a time. A chunk of a given size waits until it is complete.
  ///   - inFlight: the maximum number of items that have been taken and whose results have not been consumed; see
  ///     ``CallOptions/inFlight``.
  ///   - timeout: how long an item may run; see ``CallOptions/timeout``.
  ///   - preparationTimeout: how long preparing the task may take in a worker; see
  ///     ``CallOptions/preparationTimeout``.
  ///   - deadline: how long an iteration may take, the consumer's own time included. Results that have arrived in
  ///     order by then are yielded first; see ``CallOptions/deadline``.
  ///   - retry: how often an item whose worker is lost is started; see ``CallOptions/retry``.
  ///   - backoff: how an item whose task throws is started again; see ``CallOptions/backoff``.
  ///   - progress: how the progress of the workers is reported, which the consumer may lag behind.
  ///   - options: the same options as one value. Arguments override it.
  @inlinable
  public func imap<T: PoolTask, Inputs: Sequence<T.Input> & Sendable>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, inFlight: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> PoolStream<T.Output> where T.Output: Codable {
    outputs(
      task, .ordered,
      .init(
        chunkSize: chunkSize, inFlight: inFlight, timeout: timeout, preparationTimeout: preparationTimeout,
        deadline: deadline, retry: retry,
        backoff: backoff,
        progress: progress
      ).over(options)
    ) { CallInputs(inputs) }
  }

  /// Runs the task on inputs and yields outputs as they arrive, in any order, those of a chunk
  /// together; otherwise like `imap`.
  @inlinable
  public func imapUnordered<T: PoolTask, Inputs: Sequence<T.Input> & Sendable>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, inFlight: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> PoolStream<T.Output> where T.Output: Codable {
    outputs(
      task, .unordered,
      .init(
        chunkSize: chunkSize, inFlight: inFlight, timeout: timeout, preparationTimeout: preparationTimeout,
        deadline: deadline, retry: retry,
        backoff: backoff,
        progress: progress
      ).over(options)
    ) { CallInputs(inputs) }
  }

  /// Runs the task on inputs and yields a `Result` per item, so that a failed item does not end the
  /// stream; otherwise like `imap`.
  ///
  /// - Parameter ordered: whether results are yielded in the order of the inputs, or as soon as
  ///   they arrive.
  @inlinable
  public func imapResults<T: PoolTask, Inputs: Sequence<T.Input> & Sendable>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, ordered: Bool = true, inFlight: Int? = nil,
    timeout: Duration? = nil, preparationTimeout: Duration? = nil, deadline: Duration? = nil,
    retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil, options: CallOptions = CallOptions()
  ) -> PoolStream<Result<T.Output, PoolError>> where T.Output: Codable {
    results(
      task, ordered ? .ordered : .unordered,
      .init(
        chunkSize: chunkSize, inFlight: inFlight, timeout: timeout, preparationTimeout: preparationTimeout,
        deadline: deadline, retry: retry,
        backoff: backoff,
        progress: progress
      ).over(options)
    ) { CallInputs(inputs) }
  }

  /// Runs a task without output on inputs and yields a `Result` per item; otherwise like
  /// `imapResults` for tasks with output.
  @inlinable
  public func imapResults<T: PoolTask, Inputs: Sequence<T.Input> & Sendable>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, ordered: Bool = true, inFlight: Int? = nil,
    timeout: Duration? = nil, preparationTimeout: Duration? = nil, deadline: Duration? = nil,
    retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil, options: CallOptions = CallOptions()
  ) -> PoolStream<Result<T.Output, PoolError>> where T.Output == Void {
    results(
      task, ordered ? .ordered : .unordered,
      .init(
        chunkSize: chunkSize, inFlight: inFlight, timeout: timeout, preparationTimeout: preparationTimeout,
        deadline: deadline, retry: retry,
        backoff: backoff,
        progress: progress
      ).over(options)
    ) { CallInputs(inputs) }
  }

  /// - Parameter inputs: makes the inputs of one iteration.
  @usableFromInline
  func outputs<T: PoolTask>(
    _ task: T, _ order: StreamOrder, _ options: CallOptions,
    over inputs: @escaping @Sendable () -> CallInputs<T.Input>
  ) -> PoolStream<T.Output> {
    stream(task, order, options) { _ in (SequenceSource(inputs()), .plain) }
  }

  @usableFromInline
  func results<T: PoolTask>(
    _ task: T, _ order: StreamOrder, _ options: CallOptions,
    over inputs: @escaping @Sendable () -> CallInputs<T.Input>
  ) -> PoolStream<Result<T.Output, PoolError>> {
    stream(task, order, options) { _ in (SequenceSource(inputs()), .results) }
  }

  /// - Parameter begin: makes the inputs and the elements of one iteration.
  func stream<T: PoolTask, Source: InputSource<T.Input>, Element>(
    _ task: T, _ order: StreamOrder, _ options: CallOptions,
    begin: @escaping @Sendable (TypedCall<T>) -> (Source, StreamElements<T.Output, Element>)
  ) -> PoolStream<Element> {
    options.requireRoom()
    return PoolStream { [self] in try iteration(task, order, options, begin: begin) }
  }

  /// One iteration of a stream.
  func iteration<T: PoolTask, Source: InputSource<T.Input>, Element>(
    _ task: T, _ order: StreamOrder, _ options: CallOptions,
    begin: (TypedCall<T>) -> (Source, StreamElements<T.Output, Element>)
  ) throws -> StreamCall<Element> {
    let call = try TypedCall(task, runtime: runtime, options)
    let (source, elements) = begin(call)
    return TaskStreamCall(
      call, source, order: order, inFlight: options.inFlight.map { max($0, options.chunkSize ?? 1) },
      pool: self, elements: elements)
  }
}

extension CallOptions {
  /// Called when the stream is made, where the mistake is.
  func requireRoom() { require(inFlight ?? 1 >= 1, "inFlight must be at least 1, not \(inFlight!)") }
}

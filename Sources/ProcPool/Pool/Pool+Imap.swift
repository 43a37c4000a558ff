import ProcPoolSystem
import ProcPoolWorker

extension Pool {
  /// Runs the task on inputs as results are consumed, and yields the outputs in the order of the
  /// inputs.
  ///
  ///     for try await y in pool.imap(Power(exponent: 2), over: 1..., chunkSize: 64) { … }
  ///
  /// Works over endless sequences, in constant memory: inputs are taken from the sequence, in the consumer's
  /// context, when workers have room for them. If inputs are slow to arrive, those already taken
  /// are sent, and results are yielded, in between. The error of a failed item is thrown after the
  /// outputs of all items before it, and ends the stream; `imapResults` continues.
  ///
  /// - Parameters:
  ///   - chunkSize: the number of items that are sent to a worker at a time; see ``CallOptions/chunkSize``. Results
  ///     arrive a chunk at a time. A chunk of a given size waits until it is complete.
  ///   - inFlight: the maximum number of items that have been taken and whose results have not been consumed; see
  ///     ``CallOptions/inFlight``.
  ///   - timeout: how long an item may run; see ``CallOptions/timeout``.
  ///   - deadline: how long an iteration may take, the consumer's own time included. Results that have arrived in
  ///     order by then are yielded first; see ``CallOptions/deadline``.
  ///   - retry: the number of attempts at an item whose worker is lost; see ``CallOptions/retry``.
  ///   - progress: how the progress of the workers is reported, which the consumer may lag behind.
  ///   - options: the same options as one value. Arguments override it.
  @inlinable
  public func imap<T: PoolTask, Inputs: Sequence<T.Input>>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, inFlight: Int? = nil, timeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> PoolStream<T.Output> where T.Output: Codable {
    outputs(
      task, CallInputs(inputs), .ordered,
      .init(
        chunkSize: chunkSize, inFlight: inFlight, timeout: timeout, deadline: deadline, retry: retry,
        progress: progress
      ).over(options))
  }

  /// Runs a task without output on inputs and yields once per item; otherwise like `imap` for tasks
  /// with output.
  @inlinable
  public func imap<T: PoolTask, Inputs: Sequence<T.Input>>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, inFlight: Int? = nil, timeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> PoolStream<Void> where T.Output == Void {
    outputs(
      task, CallInputs(inputs), .ordered,
      .init(
        chunkSize: chunkSize, inFlight: inFlight, timeout: timeout, deadline: deadline, retry: retry,
        progress: progress
      ).over(options))
  }

  /// Runs the task on inputs and yields outputs as they arrive, in any order, those of a chunk
  /// together; otherwise like `imap`.
  @inlinable
  public func imapUnordered<T: PoolTask, Inputs: Sequence<T.Input>>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, inFlight: Int? = nil, timeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> PoolStream<T.Output> where T.Output: Codable {
    outputs(
      task, CallInputs(inputs), .unordered,
      .init(
        chunkSize: chunkSize, inFlight: inFlight, timeout: timeout, deadline: deadline, retry: retry,
        progress: progress
      ).over(options))
  }

  /// Runs a task without output on inputs and yields once per item as items end; otherwise like
  /// `imapUnordered` for tasks with output.
  @inlinable
  public func imapUnordered<T: PoolTask, Inputs: Sequence<T.Input>>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, inFlight: Int? = nil, timeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> PoolStream<Void> where T.Output == Void {
    outputs(
      task, CallInputs(inputs), .unordered,
      .init(
        chunkSize: chunkSize, inFlight: inFlight, timeout: timeout, deadline: deadline, retry: retry,
        progress: progress
      ).over(options))
  }

  /// Runs the task on inputs and yields a `Result` per item, so that a failed item does not end the
  /// stream; otherwise like `imap`.
  ///
  /// - Parameter ordered: whether results are yielded in the order of the inputs, or as soon as
  ///   they arrive.
  @inlinable
  public func imapResults<T: PoolTask, Inputs: Sequence<T.Input>>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, ordered: Bool = true, inFlight: Int? = nil,
    timeout: Duration? = nil, deadline: Duration? = nil, retry: RetryPolicy? = nil,
    progress: ProgressReport? = nil, options: CallOptions = CallOptions()
  ) -> PoolStream<Result<T.Output, PoolError>> where T.Output: Codable {
    results(
      task, CallInputs(inputs), ordered ? .ordered : .unordered,
      .init(
        chunkSize: chunkSize, inFlight: inFlight, timeout: timeout, deadline: deadline, retry: retry,
        progress: progress
      ).over(options))
  }

  /// Runs a task without output on inputs and yields a `Result` per item; otherwise like
  /// `imapResults` for tasks with output.
  @inlinable
  public func imapResults<T: PoolTask, Inputs: Sequence<T.Input>>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, ordered: Bool = true, inFlight: Int? = nil,
    timeout: Duration? = nil, deadline: Duration? = nil, retry: RetryPolicy? = nil,
    progress: ProgressReport? = nil, options: CallOptions = CallOptions()
  ) -> PoolStream<Result<T.Output, PoolError>> where T.Output == Void {
    results(
      task, CallInputs(inputs), ordered ? .ordered : .unordered,
      .init(
        chunkSize: chunkSize, inFlight: inFlight, timeout: timeout, deadline: deadline, retry: retry,
        progress: progress
      ).over(options))
  }

  @usableFromInline
  func outputs<T: PoolTask>(
    _ task: T, _ inputs: CallInputs<T.Input>, _ order: StreamOrder, _ options: CallOptions
  ) -> PoolStream<T.Output> {
    stream(task, order, .plain, options) { _ in SequenceSource(inputs) }
  }

  @usableFromInline
  func results<T: PoolTask>(
    _ task: T, _ inputs: CallInputs<T.Input>, _ order: StreamOrder, _ options: CallOptions
  ) -> PoolStream<Result<T.Output, PoolError>> {
    stream(task, order, .results, options) { _ in SequenceSource(inputs) }
  }

  /// - Parameter source: makes the inputs of one iteration.
  func stream<T: PoolTask, Source: InputSource<T.Input>, Element>(
    _ task: T, _ order: StreamOrder, _ elements: StreamElements<T.Output, Element>, _ options: CallOptions,
    source: @escaping (TypedCall<T>) -> Source
  ) -> PoolStream<Element> {
    let inFlight = options.inFlight
    require(inFlight ?? 1 >= 1, "inFlight must be at least 1, not \(inFlight!)")
    return PoolStream { [self] in
      let call = try TypedCall(task, runtime: runtime, options)
      return TaskStreamCall(
        call, source(call), order: order, inFlight: inFlight.map { max($0, options.chunkSize ?? 1) },
        pool: self, elements: elements)
    }
  }
}

import ProcPoolSystem
import ProcPoolWorker

extension Pool {
  /// Runs the task on inputs as results are asked for, and gives the results in the order of the inputs.
  ///
  ///     for try await y in pool.imap(Power(exponent: 2), over: 1..., chunkSize: 64) { … }
  ///
  /// Works over endless sequences, in constant memory: inputs are taken from the sequence, in the consumer's
  /// context, when workers have room for them. If inputs are slow to arrive, those already taken are sent, and
  /// results are yielded, in between. An item that fails ends the stream with its error in its turn;
  /// `imapResults` continues.
  ///
  /// - Parameters:
  ///   - chunkSize: how many items a worker is sent at a time, exactly (the last chunk may be shorter), but
  ///     that what it has not begun is divided when others have nothing to do; results come a chunk at a time.
  ///     A chunk of a given size waits until it is complete. By default a chunk takes about half a millisecond,
  ///     measured while the call runs.
  ///   - inFlight: how many items may have been taken and not been given out, at the most (at least one chunk
  ///     is). By default as many as keep the workers busy, and some thousands more for results that wait for
  ///     their turn.
  ///   - timeout: how long an item may run before its worker is killed and the item fails; as for `map`.
  ///   - deadline: how long an iteration may take; then it throws ``PoolError/deadlineExceeded(limit:)``,
  ///     also one of results. What has come in order by then is given out before that.
  ///   - retry: how often an item is begun whose worker is lost; once unless given.
  ///   - progress: who is told how far the call has come: the workers, of whom the consumer may be behind.
  @inlinable
  public func imap<Task: PoolTask, Inputs: Sequence<Task.Input>>(
    _ task: Task, over inputs: Inputs, chunkSize: Int? = nil, inFlight: Int? = nil, timeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy = .atMostOnce, progress: ProgressReport? = nil
  ) -> PoolStream<Task.Output> where Task.Output: Codable {
    outputs(task, CallInputs(inputs), true, chunkSize, inFlight, timeout, deadline, retry, progress)
  }

  /// As `imap` for outputs, for a task that returns nothing.
  @inlinable
  public func imap<Task: PoolTask, Inputs: Sequence<Task.Input>>(
    _ task: Task, over inputs: Inputs, chunkSize: Int? = nil, inFlight: Int? = nil, timeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy = .atMostOnce, progress: ProgressReport? = nil
  ) -> PoolStream<Void> where Task.Output == Void {
    outputs(task, CallInputs(inputs), true, chunkSize, inFlight, timeout, deadline, retry, progress)
  }

  /// As `imap`, but gives results as they come, whatever their order: those of a chunk together.
  @inlinable
  public func imapUnordered<Task: PoolTask, Inputs: Sequence<Task.Input>>(
    _ task: Task, over inputs: Inputs, chunkSize: Int? = nil, inFlight: Int? = nil, timeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy = .atMostOnce, progress: ProgressReport? = nil
  ) -> PoolStream<Task.Output> where Task.Output: Codable {
    outputs(task, CallInputs(inputs), false, chunkSize, inFlight, timeout, deadline, retry, progress)
  }

  /// As `imapUnordered` for outputs, for a task that returns nothing.
  @inlinable
  public func imapUnordered<Task: PoolTask, Inputs: Sequence<Task.Input>>(
    _ task: Task, over inputs: Inputs, chunkSize: Int? = nil, inFlight: Int? = nil, timeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy = .atMostOnce, progress: ProgressReport? = nil
  ) -> PoolStream<Void> where Task.Output == Void {
    outputs(task, CallInputs(inputs), false, chunkSize, inFlight, timeout, deadline, retry, progress)
  }

  /// As `imap`, but gives what became of each item: one that fails does not end the stream.
  ///
  /// - Parameter ordered: whether the results come in the order of the inputs, or as soon as they are there.
  @inlinable
  public func imapResults<Task: PoolTask, Inputs: Sequence<Task.Input>>(
    _ task: Task, over inputs: Inputs, chunkSize: Int? = nil, ordered: Bool = true, inFlight: Int? = nil,
    timeout: Duration? = nil, deadline: Duration? = nil, retry: RetryPolicy = .atMostOnce,
    progress: ProgressReport? = nil
  ) -> PoolStream<Result<Task.Output, PoolError>> where Task.Output: Codable {
    results(task, CallInputs(inputs), ordered, chunkSize, inFlight, timeout, deadline, retry, progress)
  }

  /// As `imapResults` for outputs, for a task that returns nothing.
  @inlinable
  public func imapResults<Task: PoolTask, Inputs: Sequence<Task.Input>>(
    _ task: Task, over inputs: Inputs, chunkSize: Int? = nil, ordered: Bool = true, inFlight: Int? = nil,
    timeout: Duration? = nil, deadline: Duration? = nil, retry: RetryPolicy = .atMostOnce,
    progress: ProgressReport? = nil
  ) -> PoolStream<Result<Task.Output, PoolError>> where Task.Output == Void {
    results(task, CallInputs(inputs), ordered, chunkSize, inFlight, timeout, deadline, retry, progress)
  }

  @usableFromInline
  func outputs<Task: PoolTask>(
    _ task: Task, _ inputs: CallInputs<Task.Input>, _ ordered: Bool, _ chunkSize: Int?, _ inFlight: Int?,
    _ timeout: Duration?, _ deadline: Duration?, _ retry: RetryPolicy, _ progress: ProgressReport?
  ) -> PoolStream<Task.Output> {
    stream(
      task, ordered ? .ordered : .unordered, chunkSize, inFlight, CallLimits(timeout, deadline, retry),
      progress, .plain
    ) { _ in
      SequenceSource(inputs)
    }
  }

  @usableFromInline
  func results<Task: PoolTask>(
    _ task: Task, _ inputs: CallInputs<Task.Input>, _ ordered: Bool, _ chunkSize: Int?, _ inFlight: Int?,
    _ timeout: Duration?, _ deadline: Duration?, _ retry: RetryPolicy, _ progress: ProgressReport?
  ) -> PoolStream<Result<Task.Output, PoolError>> {
    stream(
      task, ordered ? .ordered : .unordered, chunkSize, inFlight, CallLimits(timeout, deadline, retry),
      progress,
      .results
    ) { _ in
      SequenceSource(inputs)
    }
  }

  /// - Parameter source: makes the inputs of one iteration.
  func stream<Task: PoolTask, Source: InputSource<Task.Input>, Element>(
    _ task: Task, _ order: StreamOrder, _ chunkSize: Int?, _ inFlight: Int?, _ limits: CallLimits,
    _ progress: ProgressReport?, _ elements: StreamElements<Task.Output, Element>,
    source: @escaping (TypedCall<Task>) -> Source
  ) -> PoolStream<Element> {
    require(inFlight ?? 1 >= 1, "inFlight must be at least 1, not \(inFlight!)")
    return PoolStream { [self] in
      let call = try TypedCall(task, runtime: runtime, chunkSize: chunkSize, limits, progress: progress)
      return TaskStreamCall(
        call, source(call), order: order, inFlight: inFlight.map { max($0, chunkSize ?? 1) }, pool: self,
        elements: elements)
    }
  }
}

import ProcPoolWorker

// The verbs over asynchronous sequences. Inputs are fetched by a Swift task of their own, ahead of the
// workers by at most what keeps them busy; results come while the sequence makes its next element. An error
// that the sequence throws is thrown when everything before it has ended. For tasks that return nothing there
// is `forEach`.

extension Pool {
  /// As ``imap(_:over:chunkSize:inFlight:timeout:deadline:retry:progress:)``, over an asynchronous sequence.
  ///
  /// A chunk of automatic size is sent as soon as a worker has room, with what has come by then; one of given
  /// size waits until it is full.
  public func imap<Task: PoolTask, Inputs: AsyncSequence & Sendable>(
    _ task: Task, over inputs: Inputs, chunkSize: Int? = nil, inFlight: Int? = nil, timeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy = .atMostOnce, progress: ProgressReport? = nil
  ) -> PoolStream<Task.Output> where Inputs.Element == Task.Input, Task.Output: Codable {
    stream(
      task, inputs, .ordered, chunkSize, inFlight, CallLimits(timeout, deadline, retry), progress, .plain)
  }

  /// As `imap` over an asynchronous sequence, but gives each result as soon as it comes.
  public func imapUnordered<Task: PoolTask, Inputs: AsyncSequence & Sendable>(
    _ task: Task, over inputs: Inputs, chunkSize: Int? = nil, inFlight: Int? = nil, timeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy = .atMostOnce, progress: ProgressReport? = nil
  ) -> PoolStream<Task.Output> where Inputs.Element == Task.Input, Task.Output: Codable {
    stream(
      task, inputs, .unordered, chunkSize, inFlight, CallLimits(timeout, deadline, retry), progress, .plain)
  }

  /// As `imap` over an asynchronous sequence, but gives what became of each item: one that fails does not end
  /// the stream.
  public func imapResults<Task: PoolTask, Inputs: AsyncSequence & Sendable>(
    _ task: Task, over inputs: Inputs, chunkSize: Int? = nil, ordered: Bool = true, inFlight: Int? = nil,
    timeout: Duration? = nil, deadline: Duration? = nil, retry: RetryPolicy = .atMostOnce,
    progress: ProgressReport? = nil
  ) -> PoolStream<Result<Task.Output, PoolError>> where Inputs.Element == Task.Input, Task.Output: Codable {
    stream(
      task, inputs, ordered ? .ordered : .unordered, chunkSize, inFlight,
      CallLimits(timeout, deadline, retry), progress, .results)
  }

  /// As ``map(_:over:chunkSize:timeout:deadline:retry:progress:isolation:)``, over an asynchronous sequence that ends.
  public func map<Task: PoolTask, Inputs: AsyncSequence & Sendable>(
    _ task: Task, over inputs: Inputs, chunkSize: Int? = nil, timeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy = .atMostOnce, progress: ProgressReport? = nil,
    isolation: isolated (any Actor)? = #isolation
  ) async throws -> [Task.Output] where Inputs.Element == Task.Input, Task.Output: Codable {
    let call = try TypedCall(
      task, runtime: runtime, chunkSize: chunkSize, CallLimits(timeout, deadline, retry), progress: progress)
    defer { call.retire() }
    return try await outputs(call, source(inputs, call, chunkSize, nil), isolation)
  }

  /// As ``mapResults(_:over:chunkSize:timeout:deadline:retry:progress:isolation:)``, over an asynchronous sequence
  /// that ends. If the call ends before it does, one failure stands for all that was not taken of it.
  ///
  /// - Throws: what the sequence throws, when what was taken of it before has ended.
  public func mapResults<Task: PoolTask, Inputs: AsyncSequence & Sendable>(
    _ task: Task, over inputs: Inputs, chunkSize: Int? = nil, timeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy = .atMostOnce, progress: ProgressReport? = nil,
    isolation: isolated (any Actor)? = #isolation
  ) async throws -> [Result<Task.Output, PoolError>]
  where Inputs.Element == Task.Input, Task.Output: Codable {
    let call: TypedCall<Task>
    do {
      call = try TypedCall(
        task, runtime: runtime, chunkSize: chunkSize, CallLimits(timeout, deadline, retry), progress: progress
      )
    } catch let error as PoolError {
      // Nothing has been taken from the sequence, so its length is unknown.
      return [.failure(error)]
    }
    let (results, inputError) = await results(call, source(inputs, call, chunkSize, nil), isolation)
    if let inputError { throw inputError }
    return results
  }

  /// As ``forEach(_:over:chunkSize:timeout:deadline:retry:progress:isolation:)``, over an asynchronous sequence, which
  /// may be endless.
  public func forEach<Task: PoolTask, Inputs: AsyncSequence & Sendable>(
    _ task: Task, over inputs: Inputs, chunkSize: Int? = nil, timeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy = .atMostOnce, progress: ProgressReport? = nil,
    isolation: isolated (any Actor)? = #isolation
  ) async throws where Inputs.Element == Task.Input {
    let call = try TypedCall(
      task, runtime: runtime, chunkSize: chunkSize, CallLimits(timeout, deadline, retry), progress: progress)
    defer { call.retire() }
    try await runtime.collect(call, source(inputs, call, chunkSize, nil), isolation: isolation) { _, _, _ in
      nil
    }
  }

  func source<Task: PoolTask, Inputs: AsyncSequence & Sendable>(
    _ inputs: Inputs, _ call: TypedCall<Task>, _ chunkSize: Int?, _ inFlight: Int?
  ) -> AsyncSource<Task.Input> where Inputs.Element == Task.Input {
    // Two chunks for each worker, or some dozens of items where chunks are small.
    let chunk = min(chunkSize ?? 1, Pacing.maximumChunk)
    let capacity = max(inFlight ?? sizing.workers * max(2 * chunk, 64), chunk)
    return AsyncSource(inputs, capacity: capacity) { [runtime, box = call.box] in runtime.call(ownerOf: box) }
  }

  private func stream<Task: PoolTask, Inputs: AsyncSequence & Sendable, Element>(
    _ task: Task, _ inputs: Inputs, _ order: StreamOrder, _ chunkSize: Int?, _ inFlight: Int?,
    _ limits: CallLimits, _ progress: ProgressReport?, _ elements: StreamElements<Task.Output, Element>
  ) -> PoolStream<Element> where Inputs.Element == Task.Input {
    stream(task, order, chunkSize, inFlight, limits, progress, elements) { [self] call in
      source(inputs, call, chunkSize, inFlight)
    }
  }
}

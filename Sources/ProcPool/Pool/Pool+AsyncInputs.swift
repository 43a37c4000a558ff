import ProcPoolWorker

// The verbs over asynchronous sequences. Inputs are fetched by a Swift task of their own, ahead of the
// workers by at most what keeps them busy; results come while the sequence makes its next element. An error
// that the sequence throws is thrown when everything before it has ended. For tasks that return nothing there
// is `forEach`.

extension Pool {
  /// As ``imap(_:over:chunkSize:inFlight:timeout:deadline:retry:progress:options:)``, over an asynchronous sequence.
  ///
  /// A chunk of automatic size is sent as soon as a worker has room, with what has come by then; one of given
  /// size waits until it is full.
  public func imap<T: PoolTask, Inputs: AsyncSequence & Sendable>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, inFlight: Int? = nil, timeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> PoolStream<T.Output> where Inputs.Element == T.Input, T.Output: Codable {
    stream(
      task, inputs, .ordered, .plain,
      options.overridden(
        by: .init(
          chunkSize: chunkSize, inFlight: inFlight, timeout: timeout, deadline: deadline, retry: retry,
          progress: progress)))
  }

  /// As `imap` over an asynchronous sequence, but gives each result as soon as it comes.
  public func imapUnordered<T: PoolTask, Inputs: AsyncSequence & Sendable>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, inFlight: Int? = nil, timeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> PoolStream<T.Output> where Inputs.Element == T.Input, T.Output: Codable {
    stream(
      task, inputs, .unordered, .plain,
      options.overridden(
        by: .init(
          chunkSize: chunkSize, inFlight: inFlight, timeout: timeout, deadline: deadline, retry: retry,
          progress: progress)))
  }

  /// As `imap` over an asynchronous sequence, but gives what became of each item: one that fails does not end
  /// the stream.
  public func imapResults<T: PoolTask, Inputs: AsyncSequence & Sendable>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, ordered: Bool = true, inFlight: Int? = nil,
    timeout: Duration? = nil, deadline: Duration? = nil, retry: RetryPolicy? = nil,
    progress: ProgressReport? = nil, options: CallOptions = CallOptions()
  ) -> PoolStream<Result<T.Output, PoolError>> where Inputs.Element == T.Input, T.Output: Codable {
    stream(
      task, inputs, ordered ? .ordered : .unordered, .results,
      options.overridden(
        by: .init(
          chunkSize: chunkSize, inFlight: inFlight, timeout: timeout, deadline: deadline, retry: retry,
          progress: progress)))
  }

  /// As ``map(_:over:chunkSize:timeout:deadline:retry:progress:options:isolation:)``, over an asynchronous sequence that ends.
  public func map<T: PoolTask, Inputs: AsyncSequence & Sendable>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, timeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, progress: ProgressReport? = nil,
    options: CallOptions = CallOptions(),
    isolation: isolated (any Actor)? = #isolation
  ) async throws -> [T.Output] where Inputs.Element == T.Input, T.Output: Codable {
    let options = options.overridden(
      by: .init(
        chunkSize: chunkSize, timeout: timeout, deadline: deadline, retry: retry, progress: progress))
    let call = try TypedCall(task, runtime: runtime, options)
    defer { call.retire() }
    return try await outputs(call, source(inputs, call, options), isolation)
  }

  /// As ``mapResults(_:over:chunkSize:timeout:deadline:retry:progress:options:isolation:)``, over an asynchronous sequence
  /// that ends. If the call ends before it does, one failure stands for all that was not taken of it.
  ///
  /// - Throws: what the sequence throws, when what was taken of it before has ended.
  public func mapResults<T: PoolTask, Inputs: AsyncSequence & Sendable>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, timeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, progress: ProgressReport? = nil,
    options: CallOptions = CallOptions(),
    isolation: isolated (any Actor)? = #isolation
  ) async throws -> [Result<T.Output, PoolError>]
  where Inputs.Element == T.Input, T.Output: Codable {
    let options = options.overridden(
      by: .init(
        chunkSize: chunkSize, timeout: timeout, deadline: deadline, retry: retry, progress: progress))
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

  /// As ``forEach(_:over:chunkSize:timeout:deadline:retry:progress:options:isolation:)``, over an asynchronous sequence, which
  /// may be endless.
  public func forEach<T: PoolTask, Inputs: AsyncSequence & Sendable>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, timeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, progress: ProgressReport? = nil,
    options: CallOptions = CallOptions(),
    isolation: isolated (any Actor)? = #isolation
  ) async throws where Inputs.Element == T.Input {
    let options = options.overridden(
      by: .init(
        chunkSize: chunkSize, timeout: timeout, deadline: deadline, retry: retry, progress: progress))
    let call = try TypedCall(task, runtime: runtime, options)
    defer { call.retire() }
    try await runtime.collect(call, source(inputs, call, options), isolation: isolation) { _, _, _ in
      nil
    }
  }

  func source<T: PoolTask, Inputs: AsyncSequence & Sendable>(
    _ inputs: Inputs, _ call: TypedCall<T>, _ options: CallOptions
  ) -> AsyncSource<T.Input> where Inputs.Element == T.Input {
    // Two chunks for each worker, or some dozens of items where chunks are small.
    let chunk = min(options.chunkSize ?? 1, Pacing.maximumChunk)
    let capacity = max(options.inFlight ?? sizing.workers * max(2 * chunk, 64), chunk)
    return AsyncSource(inputs, capacity: capacity) { [runtime, box = call.box] in runtime.call(ownerOf: box) }
  }

  private func stream<T: PoolTask, Inputs: AsyncSequence & Sendable, Element>(
    _ task: T, _ inputs: Inputs, _ order: StreamOrder, _ elements: StreamElements<T.Output, Element>,
    _ options: CallOptions
  ) -> PoolStream<Element> where Inputs.Element == T.Input {
    stream(task, order, elements, options) { [self] call in source(inputs, call, options) }
  }
}

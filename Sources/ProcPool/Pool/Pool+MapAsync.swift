import ProcPoolWorker

extension Pool {
  /// Begins a `map`, and returns at once.
  ///
  /// The parameters and errors are those of `map`; cancelling the handle cancels the call. A lazy sequence whose
  /// closures may capture anything (`lazy.map`) is not `Sendable`: its elements are made before this returns.
  @inlinable
  public func mapAsync<T: PoolTask, Inputs: Sequence<T.Input> & Sendable>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> TaskHandle<[T.Output]> where T.Output: Codable {
    mapAsync(
      task, CallInputs(inputs),
      .init(
        chunkSize: chunkSize, timeout: timeout, preparationTimeout: preparationTimeout, deadline: deadline,
        retry: retry, backoff: backoff,
        progress: progress
      )
      .over(options))
  }

  /// Begins a `forEach`, and returns at once.
  ///
  ///     let rendering = pool.forEachAsync(Render(), over: scenes)
  ///     try await rendering.value
  ///
  /// The parameters and errors are those of `forEach`; cancelling the handle cancels the call. A lazy sequence whose
  /// closures may capture anything (`lazy.map`) is not `Sendable`: its elements are made before this returns, so that
  /// one without end needs `forEach` in a `Task`.
  @inlinable
  public func forEachAsync<T: PoolTask, Inputs: Sequence<T.Input> & Sendable>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, timeout: Duration? = nil,
    preparationTimeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, backoff: Backoff? = nil,
    progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> TaskHandle<Void> {
    forEachAsync(
      task, CallInputs(inputs),
      .init(
        chunkSize: chunkSize, timeout: timeout, preparationTimeout: preparationTimeout, deadline: deadline,
        retry: retry, backoff: backoff,
        progress: progress
      )
      .over(options))
  }

  @usableFromInline
  func mapAsync<T: PoolTask>(
    _ task: T, _ inputs: sending CallInputs<T.Input>, _ options: CallOptions
  ) -> TaskHandle<[T.Output]> {
    let handle = TaskHandle<[T.Output]>()
    let running = Task {
      do {
        let outputs = try await map(task, inputs, options, isolation: nil)
        handle.complete { .success(outputs) }
      } catch {
        handle.complete { .failure(error) }
      }
    }
    handle.setCancellation { running.cancel() }
    return handle
  }

  @usableFromInline
  func forEachAsync<T: PoolTask>(
    _ task: T, _ inputs: sending CallInputs<T.Input>, _ options: CallOptions
  ) -> TaskHandle<Void> {
    let handle = TaskHandle<Void>()
    let running = Task {
      do {
        try await forEach(task, inputs, options, isolation: nil)
        handle.complete { .success(()) }
      } catch {
        handle.complete { .failure(error) }
      }
    }
    handle.setCancellation { running.cancel() }
    return handle
  }
}

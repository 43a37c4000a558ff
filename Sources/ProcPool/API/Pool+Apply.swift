import ProcPoolWire
import ProcPoolSharedMemory
import ProcPoolWorker

extension Pool {
  /// Runs the task on one input.
  ///
  ///     let area = try await pool.apply(Area(), to: shape)
  ///
  /// If the Swift task is cancelled before the item has started, it never does, and `CancellationError` is
  /// thrown; the same is thrown while it runs, and then the item is cancelled, too: see
  /// ``CancellationGrace``.
  ///
  /// - Parameters:
  ///   - timeout: how long the item may run before its worker is killed and it fails; as for `map`.
  ///   - deadline: how long the call may take, waiting for a worker included; then it throws
  ///     ``PoolError/deadlineExceeded(limit:)``, and the item is cancelled.
  ///   - retry: how often the item is begun if its worker is lost; once unless given.
  /// - Throws: ``PoolError``.
  /// - Complexity: one round trip.
  public func apply<Task: PoolTask>(
    _ task: Task, to input: Task.Input, timeout: Duration? = nil, deadline: Duration? = nil,
    retry: RetryPolicy = .atMostOnce,
    isolation: isolated (any Actor)? = #isolation
  ) async throws -> Task.Output where Task.Output: Codable {
    try await applied(task, input, CallLimits(timeout, deadline, retry), isolation)
  }

  /// As `apply` for outputs, for a task that returns nothing.
  public func apply<Task: PoolTask>(
    _ task: Task, to input: Task.Input, timeout: Duration? = nil, deadline: Duration? = nil,
    retry: RetryPolicy = .atMostOnce,
    isolation: isolated (any Actor)? = #isolation
  ) async throws where Task.Output == Void {
    try await applied(task, input, CallLimits(timeout, deadline, retry), isolation)
  }

  /// Begins to run the task on one input, and returns at once.
  ///
  ///     let handle = pool.applyAsync(Scale(factor: 3), to: 14)
  ///     print(try await handle.value)                                   // 42.0
  ///
  /// It cannot wait, so it takes any number of items: the caller bounds them. `submit` waits while the pool
  /// is full.
  public func applyAsync<Task: PoolTask>(
    _ task: Task, to input: Task.Input, timeout: Duration? = nil, deadline: Duration? = nil,
    retry: RetryPolicy = .atMostOnce
  ) -> TaskHandle<Task.Output> where Task.Output: Codable {
    begin(task, input, CallLimits(timeout, deadline, retry))
  }

  /// As `applyAsync` for outputs, for a task that returns nothing.
  public func applyAsync<Task: PoolTask>(
    _ task: Task, to input: Task.Input, timeout: Duration? = nil, deadline: Duration? = nil,
    retry: RetryPolicy = .atMostOnce
  ) -> TaskHandle<Void> where Task.Output == Void {
    begin(task, input, CallLimits(timeout, deadline, retry))
  }

  /// As `applyAsync`, but waits while the pool has more than enough to do.
  ///
  /// - Throws: `CancellationError` if the Swift task is cancelled meanwhile.
  public nonisolated(nonsending) func submit<Task: PoolTask>(
    _ task: Task, to input: Task.Input, timeout: Duration? = nil, deadline: Duration? = nil,
    retry: RetryPolicy = .atMostOnce
  ) async throws -> TaskHandle<Task.Output> where Task.Output: Codable {
    try await waitForRoom()
    return begin(task, input, CallLimits(timeout, deadline, retry))
  }

  /// As `submit` for outputs, for a task that returns nothing.
  public nonisolated(nonsending) func submit<Task: PoolTask>(
    _ task: Task, to input: Task.Input, timeout: Duration? = nil, deadline: Duration? = nil,
    retry: RetryPolicy = .atMostOnce
  ) async throws -> TaskHandle<Void> where Task.Output == Void {
    try await waitForRoom()
    return begin(task, input, CallLimits(timeout, deadline, retry))
  }

  /// Begins a `map`, and returns at once.
  ///
  /// The parameters and errors are those of `map`; cancelling the handle cancels the call.
  @inlinable
  public func mapAsync<Task: PoolTask, Inputs: Sequence<Task.Input> & Sendable>(
    _ task: Task, over inputs: Inputs, chunkSize: Int? = nil, timeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy = .atMostOnce, progress: ProgressReport? = nil
  ) -> TaskHandle<[Task.Output]> where Task.Output: Codable {
    mapAsync(task, CallInputs(inputs), chunkSize, timeout, deadline, retry, progress)
  }

  @usableFromInline
  func mapAsync<Task: PoolTask>(
    _ task: Task, _ inputs: sending CallInputs<Task.Input>, _ chunkSize: Int?, _ timeout: Duration?,
    _ deadline: Duration?, _ retry: RetryPolicy, _ progress: ProgressReport?
  ) -> TaskHandle<[Task.Output]> {
    let handle = TaskHandle<[Task.Output]>()
    let running = _Concurrency.Task {
      do {
        let outputs = try await map(
          task, inputs, chunkSize, timeout, deadline, retry, progress, isolation: nil)
        handle.complete { .success(outputs) }
      } catch {
        handle.complete { .failure(error) }
      }
    }
    handle.setCancellation { running.cancel() }
    return handle
  }

  /// Runs the task once on every worker, with the same input.
  ///
  /// - Returns: the outputs, by the workers' place.
  /// - Throws: the error of the first worker whose item failed, after all have ended.
  public func broadcast<Task: PoolTask>(
    _ task: Task, _ input: Task.Input, timeout: Duration? = nil, deadline: Duration? = nil,
    retry: RetryPolicy = .atMostOnce,
    isolation: isolated (any Actor)? = #isolation
  ) async throws -> [Task.Output] where Task.Output: Codable {
    try await broadcastOutputs(task, input, CallLimits(timeout, deadline, retry), isolation)
  }

  /// As `broadcast` for outputs, for a task that returns nothing.
  public func broadcast<Task: PoolTask>(
    _ task: Task, _ input: Task.Input, timeout: Duration? = nil, deadline: Duration? = nil,
    retry: RetryPolicy = .atMostOnce,
    isolation: isolated (any Actor)? = #isolation
  ) async throws where Task.Output == Void {
    _ = try await broadcastOutputs(task, input, CallLimits(timeout, deadline, retry), isolation)
  }

  // MARK: - What they have in common

  private func applied<Task: PoolTask>(
    _ task: Task, _ input: Task.Input, _ limits: CallLimits, _ isolation: isolated (any Actor)?
  ) async throws -> Task.Output {
    try _Concurrency.Task.checkCancellation()
    let handle = begin(task, input, limits, polls: true)
    if let result = handle.taken() { return try result.get() }
    return try await withTaskCancellationHandler(
      operation: {
        do {
          return try await handle.value
        } catch PoolError.cancelled where _Concurrency.Task.isCancelled {
          throw CancellationError()
        }
      }, onCancel: { handle.cancel() }, isolation: isolation)
  }

  private func begin<Task: PoolTask>(
    _ task: Task, _ input: Task.Input, _ limits: CallLimits, polls: Bool = false
  ) -> TaskHandle<Task.Output> {
    let handle = TaskHandle<Task.Output>()
    do {
      let times = runtime.times
      let message = try times.measure(.encoding) {
        try TaskMessage(task, limit: runtime.settings.maximumPayload)
      }
      times.count(copied: message.bytesCopied)
      let codec = Task._makeOutputCodec()
      let decoder = OutputDecoder(codec)
      let lent = decoder.lent
      let box = runtime.begin(
        Task.self, limits, outputs: decoder.shape, lent: lent,
        callFrame: { message.frame(call: $0, isSingle: true) }
      ) { call, news in
        handle.complete {
          times.measure(.decoding) { Self.result(of: Task.self, news, times, lent, call: call) }
        }
      }
      guard let box else { throw runtime.closedError }
      handle.setCancellation { [runtime] in
        handle.complete { .failure(PoolError.cancelled(TaskID(call: box.id, item: 0))) }
        runtime.retire(box)
      }
      var writer = ChunkWriter<Task.Input>(
        codec: .resolve(), call: box.id, first: 0, chunkSize: 1, isAutomatic: false,
        maximumBody: runtime.settings.maximumPayload, lane: runtime.inputs)
      times.measure(.encoding) { writer.append(input) }
      if let (_, error) = writer.failures.first {
        let failure = CodingFailure(
          item: TaskID(call: box.id, item: 0), value: .input, isEncoding: true,
          message: LocalizedDescription.words(for: error))
        handle.complete { .failure(PoolError.notCodable(failure)) }
        runtime.retire(box)
      } else {
        var chunks = writer.finish()
        // Nobody else looks at the box before its item is on its way.
        runtime.giveRoom(to: &chunks, outputLength: box.outputLength)
        times.count(copied: chunks[0].payload.byteCount)
        if polls {
          runtime.submitAndPoll(chunks, key: ObjectIdentifier(Task.self)) { handle.isReady }
        } else {
          runtime.submit(chunks)
        }
      }
    } catch {
      handle.complete { .failure(error) }
    }
    return handle
  }

  /// Made when the result is asked for, and not on the runtime thread: decoding is the caller's own code.
  private static func result<Task: PoolTask>(
    of _: Task.Type, _ news: CallNews, _ times: CoordinatorTimes, _ lent: LentBlocks?, call: UInt32
  ) -> Result<Task.Output, any Error> {
    let item = TaskID(call: call, item: 0)
    switch news {
    case .outputs(_, _, let slice):
      times.count(copied: slice.count)
      var cursor = OutputCursor<Task.Output>(slice, count: 1)
      return cursor.next(OutputDecoder(Task._makeOutputCodec(), lent: lent), item: item).mapError { $0 }
    case .reported(_, _, let report, let worker, let lent):
      return .failure(PoolError(report, item: item, worker: worker, lent))
    case .failed(_, _, let trace, let failure): return .failure(PoolError(failure, item: item, trace))
    case .expired(let limit): return .failure(PoolError.deadlineExceeded(limit: limit))
    }
  }

  private nonisolated(nonsending) func waitForRoom() async throws {
    while true {
      try _Concurrency.Task.checkCancellation()
      try runtime.requireOwnProcess()
      let isFull = runtime.state.withLock { $0.isFull }
      if !isFull { return }
      await withTaskCancellationHandler {
        await withUnsafeContinuation { continuation in
          // Resumed when fewer calls are pending, when the pool ends, or when one of those who wait is
          // cancelled.
          let waits = runtime.state.withLock { state in
            let waits = state.isFull && !_Concurrency.Task.isCancelled
            if waits { state.submitters.append(continuation) }
            return waits
          }
          if !waits { continuation.resume() }
        }
      } onCancel: {
        runtime.recallSubmitters()
      }
    }
  }

  private func broadcastOutputs<Task: PoolTask>(
    _ task: Task, _ input: Task.Input, _ limits: CallLimits, _ isolation: isolated (any Actor)?
  ) async throws -> [Task.Output] {
    let call = try TypedCall(task, runtime: runtime, chunkSize: 1, limits, progress: nil)
    defer { call.retire() }
    return try await outputs(call, PinnedSource(input, workers: sizing.workers), isolation)
  }
}

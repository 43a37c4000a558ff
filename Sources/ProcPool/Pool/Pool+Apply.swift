import ProcPoolProtocol
import ProcPoolWire
import ProcPoolSharedMemory
import ProcPoolWorker

extension Pool {
  /// Runs the task on one input.
  ///
  ///     let area = try await pool.apply(Area(), to: shape)
  ///
  /// If the Swift task is cancelled, `CancellationError` is thrown immediately. An item that has
  /// not started never runs; a running item is cancelled, see ``CancellationGrace``.
  ///
  /// - Parameters:
  ///   - timeout: how long the item may run; see ``CallOptions/timeout``.
  ///   - preparationTimeout: how long preparing the task may take in a worker; see
  ///     ``CallOptions/preparationTimeout``.
  ///   - deadline: how long the call may take, including the time that it waits for a worker; see
  ///     ``CallOptions/deadline``.
  ///   - retry: how often the item is started if its worker is lost; see ``CallOptions/retry``.
  ///   - backoff: how an item whose task throws is started again; see ``CallOptions/backoff``.
  ///   - options: the same options as one value. Arguments override it.
  /// - Returns: the output of the item.
  /// - Throws: ``PoolError``, or `CancellationError`.
  /// - Complexity: one round trip.
  public func apply<T: PoolTask>(
    _ task: T, to input: T.Input, timeout: Duration? = nil, preparationTimeout: Duration? = nil,
    deadline: Duration? = nil,
    retry: RetryPolicy? = nil, backoff: Backoff? = nil, options: CallOptions = CallOptions(),
    isolation: isolated (any Actor)? = #isolation
  ) async throws -> T.Output where T.Output: Codable {
    try await applied(
      task, input,
      .init(
        timeout: timeout, preparationTimeout: preparationTimeout, deadline: deadline, retry: retry,
        backoff: backoff
      ).over(options),
      isolation)
  }

  /// Runs a task without output on one input; otherwise like `apply` for tasks with output.
  ///
  /// - Throws: ``PoolError``, or `CancellationError`.
  public func apply<T: PoolTask>(
    _ task: T, to input: T.Input, timeout: Duration? = nil, preparationTimeout: Duration? = nil,
    deadline: Duration? = nil,
    retry: RetryPolicy? = nil, backoff: Backoff? = nil, options: CallOptions = CallOptions(),
    isolation: isolated (any Actor)? = #isolation
  ) async throws where T.Output == Void {
    try await applied(
      task, input,
      .init(
        timeout: timeout, preparationTimeout: preparationTimeout, deadline: deadline, retry: retry,
        backoff: backoff
      ).over(options),
      isolation)
  }

  /// Submits the task with one input, and returns immediately.
  ///
  ///     let handle = pool.applyAsync(Scale(factor: 3), to: 14)
  ///     print(try await handle.value)                                   // 42.0
  ///
  /// There is no back-pressure: the caller limits the number of pending items. `submit` waits while
  /// the pool has enough work.
  ///
  /// Options are those of `apply`. Errors are thrown by ``TaskHandle/value``.
  public func applyAsync<T: PoolTask>(
    _ task: T, to input: T.Input, timeout: Duration? = nil, preparationTimeout: Duration? = nil,
    deadline: Duration? = nil,
    retry: RetryPolicy? = nil, backoff: Backoff? = nil, options: CallOptions = CallOptions()
  ) -> TaskHandle<T.Output> where T.Output: Codable {
    begin(
      task, input,
      .init(
        timeout: timeout, preparationTimeout: preparationTimeout, deadline: deadline, retry: retry,
        backoff: backoff
      ).over(options))
  }

  /// Submits a task without output with one input; otherwise like `applyAsync` for tasks with
  /// output.
  public func applyAsync<T: PoolTask>(
    _ task: T, to input: T.Input, timeout: Duration? = nil, preparationTimeout: Duration? = nil,
    deadline: Duration? = nil,
    retry: RetryPolicy? = nil, backoff: Backoff? = nil, options: CallOptions = CallOptions()
  ) -> TaskHandle<Void> where T.Output == Void {
    begin(
      task, input,
      .init(
        timeout: timeout, preparationTimeout: preparationTimeout, deadline: deadline, retry: retry,
        backoff: backoff
      ).over(options))
  }

  /// Submits the task with one input, after waiting while the pool has more than enough work;
  /// otherwise like `applyAsync`.
  ///
  /// - Throws: `CancellationError` if the Swift task is cancelled while it waits.
  public nonisolated(nonsending) func submit<T: PoolTask>(
    _ task: T, to input: T.Input, timeout: Duration? = nil, preparationTimeout: Duration? = nil,
    deadline: Duration? = nil,
    retry: RetryPolicy? = nil, backoff: Backoff? = nil, options: CallOptions = CallOptions()
  ) async throws -> TaskHandle<T.Output> where T.Output: Codable {
    try await waitForRoom()
    return begin(
      task, input,
      .init(
        timeout: timeout, preparationTimeout: preparationTimeout, deadline: deadline, retry: retry,
        backoff: backoff
      ).over(options))
  }

  /// Submits a task without output with one input; otherwise like `submit` for tasks with output.
  ///
  /// - Throws: `CancellationError` if the Swift task is cancelled while it waits.
  public nonisolated(nonsending) func submit<T: PoolTask>(
    _ task: T, to input: T.Input, timeout: Duration? = nil, preparationTimeout: Duration? = nil,
    deadline: Duration? = nil,
    retry: RetryPolicy? = nil, backoff: Backoff? = nil, options: CallOptions = CallOptions()
  ) async throws -> TaskHandle<Void> where T.Output == Void {
    try await waitForRoom()
    return begin(
      task, input,
      .init(
        timeout: timeout, preparationTimeout: preparationTimeout, deadline: deadline, retry: retry,
        backoff: backoff
      ).over(options))
  }

  /// Runs the task once on every worker, with the same input.
  ///
  /// - Returns: the outputs, in the order of ``WorkerID/index``.
  /// - Throws: the error of the first worker, in that order, whose item failed, after the items of
  ///   all workers have ended.
  /// - Complexity: one round trip per worker, concurrently.
  public func broadcast<T: PoolTask>(
    _ task: T, to input: T.Input, timeout: Duration? = nil, preparationTimeout: Duration? = nil,
    deadline: Duration? = nil,
    retry: RetryPolicy? = nil, backoff: Backoff? = nil, options: CallOptions = CallOptions(),
    isolation: isolated (any Actor)? = #isolation
  ) async throws -> [T.Output] where T.Output: Codable {
    try await broadcastOutputs(
      task, input,
      .init(
        timeout: timeout, preparationTimeout: preparationTimeout, deadline: deadline, retry: retry,
        backoff: backoff
      ).over(options),
      isolation)
  }

  /// Runs a task without output once on every worker; otherwise like `broadcast` for tasks with
  /// output.
  ///
  /// - Throws: the error of the first worker, by ``WorkerID/index``, whose item failed, after the
  ///   items of all workers have ended.
  public func broadcast<T: PoolTask>(
    _ task: T, to input: T.Input, timeout: Duration? = nil, preparationTimeout: Duration? = nil,
    deadline: Duration? = nil,
    retry: RetryPolicy? = nil, backoff: Backoff? = nil, options: CallOptions = CallOptions(),
    isolation: isolated (any Actor)? = #isolation
  ) async throws where T.Output == Void {
    _ = try await broadcastOutputs(
      task, input,
      .init(
        timeout: timeout, preparationTimeout: preparationTimeout, deadline: deadline, retry: retry,
        backoff: backoff
      ).over(options),
      isolation)
  }

  // MARK: - What they have in common

  private func applied<T: PoolTask>(
    _ task: T, _ input: T.Input, _ options: CallOptions, _ isolation: isolated (any Actor)?
  ) async throws -> T.Output {
    try Task.checkCancellation()
    let handle = begin(task, input, options, polls: true)
    if let result = handle.taken() { return try result.get() }
    return try await withTaskCancellationHandler(
      operation: {
        do {
          return try await handle.finalResult().get()
        } catch PoolError.cancelled where Task.isCancelled {
          throw CancellationError()
        }
      }, onCancel: { handle.cancel() }, isolation: isolation)
  }

  private func begin<T: PoolTask>(
    _ task: T, _ input: T.Input, _ options: CallOptions, polls: Bool = false
  ) -> TaskHandle<T.Output> {
    let handle = TaskHandle<T.Output>()
    do {
      let times = runtime.times
      let message = try times.measure(.encoding) {
        try EncodedTask(task, isSingle: true, for: runtime.settings)
      }
      times.count(copied: message.bytesCopied)
      let codec = T._makeOutputCodec()
      let decoder = OutputDecoder(codec)
      let lent = decoder.lent
      let box = runtime.begin(
        message, CallLimits(options), outputs: decoder.shape, lent: lent
      ) { call, news in
        handle.complete {
          times.measure(.decoding) { Self.result(of: T.self, news, times, lent, call: call) }
        }
      }
      guard let box else { throw runtime.closedError }
      handle.setCancellation { [runtime] in
        handle.complete { .failure(PoolError.cancelled(ItemID(call: box.id, index: 0))) }
        runtime.retire(box)
      }
      var writer = ChunkWriter<T.Input>(
        codec: .resolve(), call: box.id, first: 0,
        ChunkLimits(items: 1, isAutomatic: false, maximumBody: runtime.settings.maximumPayload),
        lane: runtime.inputs)
      times.measure(.encoding) { writer.append(input) }
      if let (_, error) = writer.failures.first {
        let failure = CodingFailure(
          item: ItemID(call: box.id, index: 0), value: .input, isEncoding: true,
          message: LocalizedDescription.words(for: error))
        handle.complete { .failure(PoolError.notCodable(failure)) }
        runtime.retire(box)
      } else {
        var chunks = writer.finish()
        // No other thread uses the box before its item has been submitted.
        runtime.giveRoom(to: &chunks, outputLength: box.outputLength)
        times.count(copied: chunks[0].payload.byteCount)
        if polls {
          runtime.submitAndPoll(chunks, key: ObjectIdentifier(T.self)) { handle.isReady }
        } else {
          runtime.submit(chunks)
        }
      }
    } catch {
      handle.complete { .failure(error) }
    }
    return handle
  }

  /// Decodes a result. Called when the result is requested, rather than on the runtime thread, because
  /// decoding runs the caller's code.
  private static func result<T: PoolTask>(
    of _: T.Type, _ news: CallNews, _ times: CoordinatorTimes, _ lent: LentBlocks?, call: CallID
  ) -> Result<T.Output, any Error> {
    let item = ItemID(call: call, index: 0)
    switch news {
    case .outputs(_, _, let slice):
      times.count(copied: slice.count)
      var cursor = OutputCursor<T.Output>(slice, count: 1)
      return cursor.next(OutputDecoder(T._makeOutputCodec(), lent: lent), item: item).mapError { $0 }
    case .reported(_, _, let report, let worker, let lent):
      return .failure(PoolError(report, item: item, worker: worker, lent))
    case .failed(_, _, let trace, let failure): return .failure(PoolError(failure, item: item, trace))
    case .expired(let limit): return .failure(PoolError.deadlineExceeded(limit: limit))
    }
  }

  private nonisolated(nonsending) func waitForRoom() async throws {
    while true {
      try Task.checkCancellation()
      try runtime.requireOwnProcess()
      let isFull = runtime.state.withLock { $0.isFull }
      if !isFull { return }
      await withTaskCancellationHandler {
        // Resumed when fewer calls are pending, when the pool ends, or when one of the tasks that wait is cancelled.
        await runtime.waitForRoom(isolation: #isolation) { !Task.isCancelled }
      } onCancel: {
        runtime.recallSubmitters()
      }
    }
  }

  private func broadcastOutputs<T: PoolTask>(
    _ task: T, _ input: T.Input, _ options: CallOptions, _ isolation: isolated (any Actor)?
  ) async throws -> [T.Output] {
    var options = options
    options.chunkSize = 1
    options.progress = nil
    let call = try TypedCall(task, runtime: runtime, options)
    defer { call.retire() }
    return try await outputs(call, PinnedSource(input, workers: sizing.workers), isolation)
  }
}

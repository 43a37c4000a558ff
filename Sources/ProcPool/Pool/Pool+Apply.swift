import ProcPoolProtocol
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
  ///   - timeout: how long the item may run; see ``CallOptions/timeout``.
  ///   - deadline: how long the call may take, including the time that it waits for a worker; see
  ///     ``CallOptions/deadline``.
  ///   - retry: how often the item is started if its worker is lost; see ``CallOptions/retry``.
  ///   - options: the same options as one value. Arguments override it.
  /// - Throws: ``PoolError``.
  /// - Complexity: one round trip.
  public func apply<T: PoolTask>(
    _ task: T, to input: T.Input, timeout: Duration? = nil, deadline: Duration? = nil,
    retry: RetryPolicy? = nil, options: CallOptions = CallOptions(),
    isolation: isolated (any Actor)? = #isolation
  ) async throws -> T.Output where T.Output: Codable {
    try await applied(
      task, input, options.overridden(by: .init(timeout: timeout, deadline: deadline, retry: retry)),
      isolation)
  }

  /// As `apply` for outputs, for a task that returns nothing.
  public func apply<T: PoolTask>(
    _ task: T, to input: T.Input, timeout: Duration? = nil, deadline: Duration? = nil,
    retry: RetryPolicy? = nil, options: CallOptions = CallOptions(),
    isolation: isolated (any Actor)? = #isolation
  ) async throws where T.Output == Void {
    try await applied(
      task, input, options.overridden(by: .init(timeout: timeout, deadline: deadline, retry: retry)),
      isolation)
  }

  /// Begins to run the task on one input, and returns at once.
  ///
  ///     let handle = pool.applyAsync(Scale(factor: 3), to: 14)
  ///     print(try await handle.value)                                   // 42.0
  ///
  /// It cannot wait, so it takes any number of items: the caller bounds them. `submit` waits while the pool
  /// is full.
  public func applyAsync<T: PoolTask>(
    _ task: T, to input: T.Input, timeout: Duration? = nil, deadline: Duration? = nil,
    retry: RetryPolicy? = nil, options: CallOptions = CallOptions()
  ) -> TaskHandle<T.Output> where T.Output: Codable {
    begin(task, input, options.overridden(by: .init(timeout: timeout, deadline: deadline, retry: retry)))
  }

  /// As `applyAsync` for outputs, for a task that returns nothing.
  public func applyAsync<T: PoolTask>(
    _ task: T, to input: T.Input, timeout: Duration? = nil, deadline: Duration? = nil,
    retry: RetryPolicy? = nil, options: CallOptions = CallOptions()
  ) -> TaskHandle<Void> where T.Output == Void {
    begin(task, input, options.overridden(by: .init(timeout: timeout, deadline: deadline, retry: retry)))
  }

  /// As `applyAsync`, but waits while the pool has more than enough to do.
  ///
  /// - Throws: `CancellationError` if the Swift task is cancelled meanwhile.
  public nonisolated(nonsending) func submit<T: PoolTask>(
    _ task: T, to input: T.Input, timeout: Duration? = nil, deadline: Duration? = nil,
    retry: RetryPolicy? = nil, options: CallOptions = CallOptions()
  ) async throws -> TaskHandle<T.Output> where T.Output: Codable {
    try await waitForRoom()
    return begin(
      task, input, options.overridden(by: .init(timeout: timeout, deadline: deadline, retry: retry)))
  }

  /// As `submit` for outputs, for a task that returns nothing.
  public nonisolated(nonsending) func submit<T: PoolTask>(
    _ task: T, to input: T.Input, timeout: Duration? = nil, deadline: Duration? = nil,
    retry: RetryPolicy? = nil, options: CallOptions = CallOptions()
  ) async throws -> TaskHandle<Void> where T.Output == Void {
    try await waitForRoom()
    return begin(
      task, input, options.overridden(by: .init(timeout: timeout, deadline: deadline, retry: retry)))
  }

  /// Begins a `map`, and returns at once.
  ///
  /// The parameters and errors are those of `map`; cancelling the handle cancels the call.
  @inlinable
  public func mapAsync<T: PoolTask, Inputs: Sequence<T.Input> & Sendable>(
    _ task: T, over inputs: Inputs, chunkSize: Int? = nil, timeout: Duration? = nil,
    deadline: Duration? = nil, retry: RetryPolicy? = nil, progress: ProgressReport? = nil,
    options: CallOptions = CallOptions()
  ) -> TaskHandle<[T.Output]> where T.Output: Codable {
    mapAsync(
      task, CallInputs(inputs),
      options.overridden(
        by: .init(
          chunkSize: chunkSize, timeout: timeout, deadline: deadline, retry: retry, progress: progress)))
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

  /// Runs the task once on every worker, with the same input.
  ///
  /// - Returns: the outputs, by the workers' place.
  /// - Throws: the error of the first worker whose item failed, after all have ended.
  public func broadcast<T: PoolTask>(
    _ task: T, to input: T.Input, timeout: Duration? = nil, deadline: Duration? = nil,
    retry: RetryPolicy? = nil, options: CallOptions = CallOptions(),
    isolation: isolated (any Actor)? = #isolation
  ) async throws -> [T.Output] where T.Output: Codable {
    try await broadcastOutputs(
      task, input, options.overridden(by: .init(timeout: timeout, deadline: deadline, retry: retry)),
      isolation)
  }

  /// As `broadcast` for outputs, for a task that returns nothing.
  public func broadcast<T: PoolTask>(
    _ task: T, to input: T.Input, timeout: Duration? = nil, deadline: Duration? = nil,
    retry: RetryPolicy? = nil, options: CallOptions = CallOptions(),
    isolation: isolated (any Actor)? = #isolation
  ) async throws where T.Output == Void {
    _ = try await broadcastOutputs(
      task, input, options.overridden(by: .init(timeout: timeout, deadline: deadline, retry: retry)),
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
        try TaskMessage(task, limit: runtime.settings.maximumPayload)
      }
      times.count(copied: message.bytesCopied)
      let codec = T._makeOutputCodec()
      let decoder = OutputDecoder(codec)
      let lent = decoder.lent
      let box = runtime.begin(
        T.self, CallLimits(options), outputs: decoder.shape, lent: lent,
        callFrame: { message.frame(call: $0, isSingle: true) }
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
        codec: .resolve(), call: box.id, first: 0, chunkSize: 1, isAutomatic: false,
        maximumBody: runtime.settings.maximumPayload, lane: runtime.inputs)
      times.measure(.encoding) { writer.append(input) }
      if let (_, error) = writer.failures.first {
        let failure = CodingFailure(
          item: ItemID(call: box.id, index: 0), value: .input, isEncoding: true,
          message: LocalizedDescription.words(for: error))
        handle.complete { .failure(PoolError.notCodable(failure)) }
        runtime.retire(box)
      } else {
        var chunks = writer.finish()
        // Nobody else looks at the box before its item is on its way.
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

  /// Made when the result is asked for, and not on the runtime thread: decoding is the caller's own code.
  private static func result<T: PoolTask>(
    of _: T.Type, _ news: CallNews, _ times: CoordinatorTimes, _ lent: LentBlocks?, call: UInt32
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

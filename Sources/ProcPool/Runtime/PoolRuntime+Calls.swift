import ProcPoolProtocol
import ProcPoolSharedMemory
import ProcPoolSystem

// The operations of callers.

extension PoolRuntime {
  /// Begins a call.
  ///
  /// - Parameters:
  ///   - task: the task, under whose type the time of items is remembered.
  ///   - chunkSize: the chunk size that the caller requested.
  ///   - lent: the shared memory that workers lend with outputs.
  ///   - completion: for a single-item call, handles its news.
  /// - Returns: `nil` if the pool accepts no more calls.
  func begin(
    _ task: EncodedTask, _ limits: CallLimits, outputs: OutputShape, lent: LentBlocks?,
    chunkSize: Int? = nil,
    completion: (@Sendable (_ call: CallID, CallNews) -> Void)? = nil
  ) -> CallRecord? {
    if isInCopy { return nil }
    let isTimed = limits.deadline != nil
    let isSingle = completion != nil
    // For single-item calls, only the first, because they are counted together.
    let isStart = !isSingle || areSinglesOld.exchange(false, ordering: .relaxed)
    let start = isStart ? CallStart(time: MonotonicClock.now(), statistics, chunkSize: chunkSize) : nil
    let now = start?.time ?? (isTimed ? MonotonicClock.now() : 0)
    let box: CallRecord? = state.withLock { state in
      switch state.scheduler.life {
      case .closing, .stopped, .terminating: return nil
      case .open, .broken: break
      }
      let last = state.calls.expectation(of: task.type)
      let id = state.scheduler.begin(limits, isSingle: isSingle, itemTime: last.itemTime, now: Instant(now))
      let beginning = CallRecord.Beginning(
        start: isSingle ? nil : start,
        followsClosely: !isSingle && now - state.calls.lastEnd <= settings.pollingTimes.call,
        outputLength: last.outputLength)
      let box = CallRecord(
        id: id, task: task, outputs: outputs, lent: lent, beginning, completion: completion)
      state.calls.add(box, isSingle: isSingle)
      if isSingle, let start { state.ledger.singleCalls = SingleCalls(since: start) }
      return box
    }
    // The runtime thread may otherwise sleep for longer.
    if isTimed { change { state, _ in state.clockwork.needsPeek = true } }
    return box
  }

  /// Provides room for the outputs of chunks, if they are expected to be long.
  func giveRoom(to chunks: inout [Chunk<InputSlice>], outputLength: Int) {
    guard outputLength >= PayloadMemory.shortest, let outputs else { return }
    for index in chunks.indices {
      chunks[index].payload.room = outputs.room(forOutputs: chunks[index].count, of: outputLength)
    }
  }

  func submit(_ chunks: [Chunk<InputSlice>]) {
    guard !chunks.isEmpty else { return }
    change { state, _ in state.scheduler.accept(chunks, now: .now()) }
  }

  /// Takes the news since the last time, and the demand of the workers.
  ///
  /// - Returns: also the length of outputs, as far as it is known, and the reason why the pool runs
  ///   no more items, if there is one.
  func exchange(
    _ box: CallRecord, chunkSize: Int?
  ) -> (news: [CallNews], demand: Demand, outputLength: Int, poolEnd: PoolError?) {
    state.withLock { state in
      let news = box.takeNews()
      return (
        news, state.scheduler.demand(of: box.id, chunkSize: chunkSize), box.outputLength, state.poolEnd
      )
    }
  }

  /// Retires a call whose caller wants nothing more; unstarted items are taken back.
  func retire(_ box: CallRecord) {
    if isInCopy { return }
    let end = box.start.map { _ in statistics }
    change { state, _ in
      let now = MonotonicClock.now()
      if box.start != nil { state.calls.lastEnd = now }
      remember(box, &state)
      if let end { record(box, end, &state) }
      state.scheduler.retire(box.id, now: Instant(now))
    }
  }

  /// Remembers the time per item for the next call of this kind.
  func remember(_ box: CallRecord, _ state: inout PoolState) {
    guard let itemTime = state.scheduler.measuredItemTime(of: box.id) else { return }
    state.calls.remember(box, itemTime: itemTime)
  }
}

// MARK: - Waiting

extension PoolRuntime {
  /// Waits until there is news for the call, or its owner is called.
  ///
  /// - Parameters:
  ///   - key: the type of the task.
  ///   - untilEnd: whether only the last outputs, or a failure, wake the caller.
  func wait(
    for box: CallRecord, key: ObjectIdentifier, untilEnd: Bool, isolation: isolated (any Actor)?
  ) async {
    if untilEnd { pollForEnd(of: box, key: key) }
    // Without an actor, the task can continue on the thread that resumes it.
    guard isolation != nil else { return await suspend(box, untilEnd: untilEnd, isolation: nil) }
    await withTaskExecutorPreference(executor, isolation: isolation) {
      await suspend(box, untilEnd: untilEnd, isolation: isolation)
    }
  }

  private func suspend(_ box: CallRecord, untilEnd: Bool, isolation: isolated (any Actor)?) async {
    // Safety: each continuation is resumed once, by the thread that takes it out of the box. A
    // checked continuation would allocate in the inner loop.
    await withUnsafeContinuation(isolation: isolation) { continuation in
      let isReady = state.withLock { _ in
        box.waitsForEnd = untilEnd
        if !box.hasChanged { box.waiter = continuation }
        return box.hasChanged
      }
      if isReady { continuation.resume() }
    }
  }

  /// Makes the call's owner check again.
  func call(ownerOf box: CallRecord) {
    let waiter = state.withLock { _ in
      box.hasChanged = true
      defer { box.waiter = nil }
      return box.waiter
    }
    waiter?.resume()
  }

  /// Makes all callers that wait in `submit` check again.
  func recallSubmitters() {
    change { state, effects in effects.resumed += state.waiters.takeSubmitters() }
  }

  /// Waits until fewer calls are pending, or the callers in `submit` are recalled.
  ///
  /// - Parameter isWanted: evaluated under the lock; if it returns `false`, this function returns
  ///   at once.
  func waitForRoom(isolation: isolated (any Actor)?, while isWanted: () -> Bool) async {
    await withUnsafeContinuation(isolation: isolation) { continuation in
      let waits = state.withLock { state in
        let waits = state.isFull && isWanted()
        if waits { state.waiters.add(submitter: continuation) }
        return waits
      }
      if !waits { continuation.resume() }
    }
  }
}

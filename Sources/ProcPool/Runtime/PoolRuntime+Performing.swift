import Glibc
import ProcPoolProtocol
import ProcPoolSystem

// Carries out the actions of the scheduler: changes of memory under the lock, and I/O after it.

extension PoolRuntime {
  func perform(_ state: inout PoolState, _ effects: inout Effects) {
    // Performing an action may add others.
    while state.scheduler.hasActions || !effects.finishedSingles.isEmpty {
      for action in state.scheduler.takeActions() { perform(action, &state, &effects) }
      for box in effects.finishedSingles {
        remember(box, &state)
        let now = MonotonicClock.now()
        state.ledger.singleCalls.noteEnded(box, now: now)
        state.scheduler.retire(box.id, now: Instant(now))
      }
      effects.finishedSingles.removeAll()
    }
    if state.clockwork.mustWake(now: MonotonicClock.now()) { effects.wakesRuntime = true }
    while !state.isFull, let waiter = state.waiters.nextSubmitter() { effects.resumed.append(waiter) }
    // Limited to few calls, because checking all invariants with many concurrent calls, as single
    // applications cause, would dominate a debug build.
    assert(
      state.scheduler.callCount > 16 || state.scheduler.brokenInvariant() == nil,
      state.scheduler.brokenInvariant()!)
  }

  private func perform(
    _ action: SchedulerAction<InputSlice>, _ state: inout PoolState, _ effects: inout Effects
  ) {
    switch action {
    case .rest(let place, let time): rest(place, for: time, &state)
    case .launch(let place): launch(place, &state)
    case .recall(let place): recall(place, &state)
    case .begin(let place, let worker): takeUp(place, worker, &state, &effects)
    case .sendCall(let place, let call): sendTask(of: state.calls[call]!, to: place, &state, &effects)
    case .sendChunk(let place, let chunk, let hint): send(chunk, hint, to: place, &state, &effects)
    case .takeBack(let place): takeBack(place, &state)
    case .sendResume(let place, let epoch):
      post(FrameMemory(FrameHeader(.resume, first: epoch)), to: place, &state, &effects)
    case .sendEndCall(let place, let call):
      // Sent with the next frame or at the next check of the clock, so that no worker is woken and
      // no caller writes for it.
      state.workers[place]?.outgoing.outbox.append(FrameMemory(FrameHeader(.endCall, call: call)))
      state.clockwork.needsFlush = true
    case .sendEnd(let place):
      post(FrameMemory(FrameHeader(.end)), to: place, &state, &effects)
      // The clock limits the time to leave.
      state.clockwork.needsPeek = true
    case .cancelRunning(let place, let position):
      if let worker = state.workers[place], worker.abilities.contains(.hasStatusPage) {
        worker.connection.page.cancel(below: position)
      }
      // The clock ends a worker that continues nevertheless.
      state.clockwork.needsPeek = true
    case .terminate(let place): state.workers[place]?.connection.process?.send(signal: SIGTERM)
    case .kill(let place): kill(place, &state, &effects)
    case .fail(let call, let first, let count, let trace, let failure):
      guard let box = state.calls[call] else { return }
      box.failures += UInt64(count)
      deliver(.failed(first: first.value, count: count, trace, failure), to: box, &state, &effects)
    case .expire(let call, let limit):
      guard let box = state.calls[call] else { return }
      deliver(.expired(limit), to: box, &state, &effects)
    case .announce(let event): announce(event, &state, &effects)
    case .askForMore(let call):
      guard let box = state.calls[call] else { return }
      wake(box, &state, &effects)
    case .forget(let call, let counts):
      guard let box = state.calls.remove(call) else { return }
      endTask(of: box, &state)
      box.start?.counts = counts
    case .stopped: stop(&state, &effects)
    }
  }
}

// MARK: - Places

extension PoolRuntime {
  private func rest(_ place: PlaceID, for time: Nanoseconds, _ state: inout PoolState) {
    state.clockwork.rests.append((place, MonotonicClock.now() + time.count))
    state.clockwork.needsPeek = true
  }

  private func launch(_ place: PlaceID, _ state: inout PoolState) {
    // The place may be needed before the end of its rest.
    state.clockwork.rests.removeAll { $0.place == place }
    let request = Launcher.Request(place: place, generation: state.workers.nextGeneration())
    launcher.withLock { $0?.launch(request) }
    // The launch may not return.
    state.clockwork.needsWatch = true
  }

  private func recall(_ place: PlaceID, _ state: inout PoolState) {
    guard state.workers[place] == nil, launcher.withLock({ $0?.takeBack(place) }) == true else { return }
    state.scheduler.tookBack(place)
  }

  private func takeUp(
    _ place: PlaceID, _ worker: WorkerID, _ state: inout PoolState, _ effects: inout Effects
  ) {
    guard let entry = state.workers[place] else { return }
    let connection = entry.connection
    entry.worker = worker
    entry.hasSeat = true
    let restarts = state.ledger.noteTakeUp(worker: worker, now: MonotonicClock.now())
    connection.page.note(worker: worker, restarts: restarts)
    // The `hello` frame had the index of the place.
    if worker.index != place.index {
      post(FrameMemory(FrameHeader(.seat, count: UInt32(worker.index))), to: place, &state, &effects)
    }
    announce(.workerStarted(worker, pid: connection.pid), &state, &effects)
  }

  private func takeBack(_ place: PlaceID, _ state: inout PoolState) {
    guard let worker = state.workers[place] else { return }
    // A worker without a gate continues, and the clock checks it.
    guard worker.abilities.contains(.givesBack) else { return state.clockwork.needsPeek = true }
    let (position, epoch) = worker.connection.page.takeBack()
    state.scheduler.tookBack(place, position: position, epoch: epoch, now: .now())
  }

  private func kill(_ place: PlaceID, _ state: inout PoolState, _ effects: inout Effects) {
    guard let entry = state.workers[place] else { return recall(place, &state) }
    let connection = entry.connection
    switch state.scheduler.condemnation(of: place) {
    case .timeLimit: entry.condemnation = connection.process?.isStopped == true ? .stopped : .timeLimit
    case .other: entry.condemnation = .cancelled
    case nil: break
    }
    if !kill(connection) {
      state.clockwork.abandoned.append(connection)
      effects.wakesRuntime = true
    }
  }

  /// Kills a worker. It is abandoned if it has not ended after a while.
  ///
  /// - Returns: `false` if no signal reaches it.
  @discardableResult func kill(_ connection: WorkerConnection) -> Bool {
    guard let process = connection.process else { return false }
    process.kill()
    dying.withLock { dying in
      if !dying.contains(where: { $0 === connection }) { dying.append(connection) }
    }
    // The runtime thread may otherwise sleep for longer.
    poller.wake()
    return true
  }

  /// Kills a worker because of its behaviour, or abandons it if no signal reaches it. Not under the
  /// pool's lock.
  func expel(_ connection: WorkerConnection) {
    if !kill(connection) { change { state, _ in state.scheduler.condemn(connection.place) } }
  }

  private func stop(_ state: inout PoolState, _ effects: inout Effects) {
    state.isStopped = true
    effects.silenced = state.events.removeAll()
    effects.resumed += state.waiters.takeSubmitters()
    effects.wakesRuntime = true
  }
}

// MARK: - Frames

extension PoolRuntime {
  private func send(
    _ chunk: Chunk<InputSlice>, _ hint: ChunkHint, to place: PlaceID, _ state: inout PoolState,
    _ effects: inout Effects
  ) {
    guard let entry = state.workers[place] else { return }
    chunk.payload.note(hint)
    // A worker that can no longer map memory is sent the bytes.
    append(chunk, byReference: entry.reachesMemory, to: entry)
    effects.flush(entry.connection)
    state.clockwork.needsWatch = true
    // A chunk that is answered as soon as it is done needs no check of the clock, unless it has a
    // time limit, or may wait for items of another call.
    if !hint.flushes || state.scheduler.announcesStalls || state.scheduler.isTimed(chunk.call)
      || state.scheduler.isBehindAnotherCall(chunk.call, at: place)
    {
      state.clockwork.needsPeek = true
    }
  }

  /// Appends the frames of a chunk to a worker's outbox.
  ///
  /// - Parameter byReference: whether only the location is sent of payloads in shared memory.
  func append(_ chunk: Chunk<InputSlice>, byReference: Bool, to worker: WorkerEntry) {
    func add(_ frame: FrameMemory) { worker.outgoing.outbox.append(frame) }
    if chunk.attempt > 1 { add(FrameMemory(FrameHeader(.attempt, count: UInt32(chunk.attempt)))) }
    let payload = chunk.payload
    if byReference, let room = payload.roomFrame() { add(room) }
    if byReference, let reference = payload.reference() {
      add(reference)
    } else {
      worker.outgoing.outbox.append(payload.memory, from: payload.start, to: payload.end)
    }
  }

  func post(
    _ frame: FrameMemory, to place: PlaceID, _ state: inout PoolState, _ effects: inout Effects
  ) {
    guard let entry = state.workers[place] else { return }
    entry.outgoing.outbox.append(frame)
    effects.flush(entry.connection)
  }
}

// MARK: - News

extension PoolRuntime {
  private func announce(_ event: PoolEvent.Kind, _ state: inout PoolState, _ effects: inout Effects) {
    guard !state.events.isEmpty else { return }
    if case .itemStalled(_, let worker, _, _) = event, settings.stallNotice?.includesStack == true,
      let entry = state.workers[state.scheduler.place(of: worker)]
    {
      effects.stalls.append((event, entry.connection))
    } else {
      effects.events.append((event, state.events.all))
    }
  }

  /// Delivers news to a call, and wakes its caller if necessary.
  func deliver(
    _ news: CallNews, to box: CallRecord, _ state: inout PoolState, _ effects: inout Effects
  ) {
    if let completion = box.completion {
      // The only news of a single-item call, which is retired when its time has been measured.
      box.completion = nil
      effects.completed.append((completion, box.id, news))
      effects.finishedSingles.append(box)
      return
    }
    box.news.append(news)
    if box.waitsForEnd, case .outputs(_, _, let slice) = news, !state.scheduler.hasEnded(box.id) {
      box.unseenBytes += slice.count
      if box.unseenBytes < CallRecord.worthWaking { return }
    }
    wake(box, &state, &effects)
  }

  /// Makes the caller check for news, immediately if it waits.
  private func wake(_ box: CallRecord, _ state: inout PoolState, _ effects: inout Effects) {
    box.hasChanged = true
    if let waiter = box.waiter {
      box.waiter = nil
      // The caller may now end the call, whose `endCall` frame waits for the runtime thread's
      // clock.
      state.clockwork.needsFlush = true
      effects.resumed.append(waiter)
    }
  }
}

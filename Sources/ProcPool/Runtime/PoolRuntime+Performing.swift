import Glibc
import ProcPoolProtocol
import ProcPoolSystem
import ProcPoolWire
import ProcPoolWorker

// What the scheduler decides is done here: under the lock as far as it is memory, after it as far as it is
// I/O.

extension PoolRuntime {
  func perform(_ state: inout State, _ effects: inout Effects) {
    // Performing an action may bring more.
    while !state.scheduler.actions.isEmpty || !effects.finishedSingles.isEmpty {
      let actions = state.scheduler.actions
      state.scheduler.actions.removeAll(keepingCapacity: true)
      for action in actions { perform(action, &state, &effects) }
      for box in effects.finishedSingles {
        remember(box, &state)
        let now = MonotonicClock.now()
        state.singleCalls.noteEnded(box, now: now)
        state.scheduler.cancel(box.id, now: now)
      }
      effects.finishedSingles.removeAll()
    }
    // The runtime thread may sleep for longer than it now should.
    if state.needsTick || state.needsFlush || state.needsWatch {
      let isUrgent = state.needsTick || state.needsFlush
      let time = isUrgent ? RuntimeLoop.shortestPeek : RuntimeLoop.lifeInterval
      if state.nextTick - time > MonotonicClock.now() {
        state.nextTick = 0
        effects.wakesRuntime = true
      }
    }
    while let waiter = state.submitters.first, !state.isFull {
      state.submitters.popFirst()
      effects.resumed.append(waiter)
    }
    // A look at everything: with many calls at once, as single applications are, a debug build would do
    // little else.
    assert(
      state.scheduler.calls.count > 16 || state.scheduler.brokenInvariant() == nil,
      state.scheduler.brokenInvariant()!)
  }

  private func takeBack(_ place: Int, _ state: inout State) {
    guard state.links[place] == nil, launcher.withLock({ $0?.takeBack(place) }) == true else { return }
    state.scheduler.tookBack(place)
  }

  /// Leaves what items of a call took to the next call of its kind.
  func remember(_ box: CallBox, _ state: inout State) {
    guard let call = state.scheduler.calls[box.id], call.isMeasured else { return }
    state.known[box.taskType] = (call.itemTime, box.outputLength)
  }

  private func perform(
    _ action: SchedulerAction<InputSlice>, _ state: inout State, _ effects: inout Effects
  ) {
    switch action {
    case .rest(let place, let time):
      state.rests.append((place, MonotonicClock.now() + time))
      state.needsTick = true
    case .launch(let place):
      // It may be wanted before its rest is over.
      state.rests.removeAll { $0.place == place }
      state.nextGeneration &+= 1
      let request = Launcher.Request(place: place, generation: state.nextGeneration)
      launcher.withLock { $0?.launch(request) }
      // It may not come back.
      state.needsWatch = true
    case .recall(let place): takeBack(place, &state)
    case .sendCall(let place, let call):
      guard let link = state.links[place] else { return }
      post(state.boxes[call]!.callFrame, to: link, &effects)
    case .sendChunk(let place, let chunk, let hint):
      guard let link = state.links[place] else { return }
      if chunk.attempt > 1 {
        link.outbox.append(FrameMemory(FrameHeader(.attempt, count: UInt32(chunk.attempt))))
      }
      chunk.payload.note(hint)
      // A worker that could attach its page can attach this; another gets the bytes.
      let reachesMemory = link.isPageShared && link.reachesMemory
      if reachesMemory, let room = chunk.payload.roomFrame() { link.outbox.append(room) }
      if reachesMemory, let reference = chunk.payload.reference() {
        link.outbox.append(reference)
      } else {
        link.outbox.append(chunk.payload.memory, from: chunk.payload.start, to: chunk.payload.end)
      }
      if effects.flushes.last !== link { effects.flushes.append(link) }
      state.needsWatch = true
      // A chunk that is answered when it is done needs no look at the clock, unless it has a time limit, or
      // may wait for another call's.
      if !hint.flushes || state.scheduler.stallTime != nil
        || state.scheduler.calls[chunk.call]?.limits.timeout != nil
        || state.scheduler.isBehindAnotherCall(chunk.call, at: place)
      {
        state.needsTick = true
      }
    case .takeBack(let place):
      guard let link = state.links[place] else { return }
      // What such a worker goes on with has to be looked at by the clock.
      guard link.isPageShared else { return state.needsTick = true }
      let (position, epoch) = link.page.takeBack()
      state.scheduler.tookBack(place, position: position, epoch: epoch, now: MonotonicClock.now())
    case .sendResume(let place, let epoch):
      guard let link = state.links[place] else { return }
      post(FrameMemory(FrameHeader(.resume, first: epoch)), to: link, &effects)
    case .sendEndCall(let place, let call):
      guard let link = state.links[place] else { return }
      // With whatever comes next, or at the next look at the clock: no worker need wake up for it, and no
      // caller write it.
      link.outbox.append(FrameMemory(FrameHeader(.endCall, call: call)))
      state.needsFlush = true
    case .sendEnd(let place):
      guard let link = state.links[place] else { return }
      post(FrameMemory(FrameHeader(.end)), to: link, &effects)
      // It has a time to leave in.
      state.needsTick = true
    case .begin(let place, let worker):
      guard let link = state.links[place] else { return }
      link.worker = worker
      link.hasSeat = true
      if state.firstBegun == 0 { state.firstBegun = MonotonicClock.now() }
      link.page.note(worker: worker, restarts: state.former[worker.index].starts)
      state.former[worker.index].starts += 1
      // Its greeting's answer said that it is the worker of its place.
      if worker.index != place {
        post(FrameMemory(FrameHeader(.seat, count: UInt32(worker.index))), to: link, &effects)
      }
      announce(.workerStarted(worker, pid: link.pid), state, &effects)
    case .cancelRunning(let place, let position):
      guard let link = state.links[place] else { return }
      if link.isPageShared { link.page.cancel(below: position) }
      // When it goes on all the same, the clock decides.
      state.needsTick = true
    case .terminate(let place):
      state.links[place]?.send(signal: SIGTERM)
    case .kill(let place):
      guard let link = state.links[place] else { return takeBack(place, &state) }
      if case .condemned(let limit) = state.scheduler.places[place].state {
        link.condemnation = limit == nil ? .cancelled : link.isStopped ? .stopped : .timeLimit
      }
      kill(link)
      if link.process == nil { effects.wakesRuntime = true }
    case .fail(let call, let first, let count, let trace, let failure):
      guard let box = state.boxes[call] else { return }
      box.failures += UInt64(count)
      deliver(.failed(first: first, count: count, trace, failure), to: box, &state, &effects)
    case .expire(let call, let limit):
      guard let box = state.boxes[call] else { return }
      deliver(.expired(limit), to: box, &state, &effects)
    case .announce(let event):
      if case .itemStalled(_, let worker, _, _) = event, settings.stallNotice?.includesStack == true,
        let link = state.links[state.scheduler.seats[worker.index]], !state.observers.isEmpty
      {
        effects.stalls.append((event, link))
      } else {
        announce(event, state, &effects)
      }
    case .askForMore(let call):
      guard let box = state.boxes[call] else { return }
      wake(box, &state, &effects)
    case .forget(let call, let counts):
      state.boxes.removeValue(forKey: call)?.start?.counts = counts
    case .stopped:
      state.isStopped = true
      effects.silenced = Array(state.observers.values)
      state.observers.removeAll()
      effects.resumed += Array(state.submitters)
      state.submitters.removeAll()
      effects.wakesRuntime = true
    }
  }

  private func announce(_ event: PoolEvent, _ state: borrowing State, _ effects: inout Effects) {
    if !state.observers.isEmpty { effects.events.append((event, Array(state.observers.values))) }
  }

  func post(_ frame: FrameMemory, to link: WorkerLink, _ effects: inout Effects) {
    link.outbox.append(frame)
    if effects.flushes.last !== link { effects.flushes.append(link) }
  }

  /// Gives news to a call, and wakes its caller if that waits.
  func deliver(
    _ news: CallNews, to box: CallBox, _ state: inout State, _ effects: inout Effects
  ) {
    if let completion = box.completion {
      // A call of one item: this was it. It is retired when what it took has been measured.
      box.completion = nil
      effects.completed.append((completion, box.id, news))
      effects.finishedSingles.append(box)
      return
    }
    box.news.append(news)
    if box.waitsForEnd, case .outputs(_, _, let slice) = news, !state.scheduler.hasEnded(box.id) {
      box.unseenBytes += slice.count
      if box.unseenBytes < CallBox.worthWaking { return }
    }
    wake(box, &state, &effects)
  }

  /// Has the caller look, now if it waits.
  private func wake(_ box: CallBox, _ state: inout State, _ effects: inout Effects) {
    box.hasChanged = true
    if let waiter = box.waiter {
      box.waiter = nil
      // It may end the call, and then the runtime thread has the clock running that the frame waits for.
      state.needsFlush = true
      effects.resumed.append(waiter)
    }
  }

  /// Writes what is in a worker's outbox, as far as the pipe takes it. Any thread may; one at a time does.
  ///
  /// - Parameter afterWaiting: the poller has found room in a pipe that was full.
  func flush(_ link: WorkerLink, afterWaiting: Bool = false) {
    while true {
      var pieces = state.withLock { _ in
        if link.outbox.isWriting || link.awaitsRoom && !afterWaiting { return Deque<Outbox.Piece>() }
        let pieces = link.outbox.take()
        link.outbox.isWriting = !pieces.isEmpty
        return pieces
      }
      if pieces.isEmpty { return }
      // Other failures than a full pipe mean a broken descriptor; the worker's end will show soon enough.
      let written = times.measure(.writing) { (try? Outbox.write(&pieces, to: link.tasks)) ?? 0 }
      times.count(copied: written)
      let isFull = !pieces.isEmpty
      let isDone = state.withLock { state in
        state.statistics.bytesSent += UInt64(written)
        link.written += UInt64(written)
        link.outbox.putBack(pieces)
        link.outbox.isWriting = false
        if isFull != link.awaitsRoom {
          link.awaitsRoom = isFull
          // Fails only after the worker's end has been noticed, and then there is nothing to wait for.
          try? poller.modify(
            link.tasks, for: isFull ? .writable : [], token: LinkToken(link, .tasks).rawValue)
        }
        return isFull || link.outbox.pieces.isEmpty
      }
      if isDone { return }
    }
  }
}

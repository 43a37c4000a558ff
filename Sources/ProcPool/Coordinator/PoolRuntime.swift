import ProcPoolSharedMemory
import ProcPoolSystem
import ProcPoolWire
import ProcPoolWorker
import Synchronization

// The coordinator of a pool:
//
//      callers (Swift tasks)             runtime thread                     launcher thread
//   encode, submit ──┐                    polls all pipes                     Process.run()
//   take news, decode│                    and processes                            │
//                    ▼                          ▼                                  ▼
//              ┌──────────────── Mutex<State>: scheduler, links, boxes ────────────────┐
//              └───────────────────────────────────────────────────────────────────────┘
//                    │ tasks (written by whoever is first)            ▲ results, exits (read by the runtime
//                    thread)
//                    ▼                                                │
//              worker 0 … worker n−1: one pipe pair, one status page each
//
// Under the lock only memory is touched: the scheduler decides, frames are appended to outboxes, news to
// boxes. Pipes are written and callers resumed after it (`Effects`).

/// The state and the threads of one pool.
final class PoolRuntime: Sendable {
  struct State: ~Copyable {
    var scheduler: Scheduler<InputSlice>
    var links: [WorkerLink?]
    var boxes: [UInt32: CallBox] = [:]
    /// Estimated nanoseconds per item of single applications, by task type: each is a call of its own.
    var applyTimes: [ObjectIdentifier: Double] = [:]
    /// How callers fare that poll for the answers of single applications, by task type.
    var polling: [ObjectIdentifier: PollingRecord] = [:]
    var nextGeneration: UInt32 = 0
    /// Callers of `submit` that wait until fewer calls are pending.
    var submitters = Deque<UnsafeContinuation<Void, Never>>()
    var joiners: [UnsafeContinuation<Void, Never>] = []
    var isTerminated = false
    var isStopped = false
    var statistics = PoolStatistics()
    /// What workers that have ended had spent.
    var spentByFormer = ActivityTimes()
    /// How many calls may be pending before `submit` waits: enough to fill every worker's window with items
    /// of a tenth of a millisecond.
    private var submissionLimit: Int { 16 * links.count }
    /// So many calls are pending that `submit` waits.
    var isFull: Bool { scheduler.turns.count >= submissionLimit }
    /// Work has been sent since the runtime thread last looked at its clock.
    var needsTick = false
    /// When the runtime thread looks at its clock at the latest, if nothing happens; `.max` for never.
    var nextTick = Int64.max
  }

  /// What is to be done after the lock has been left.
  struct Effects {
    var flushes: [WorkerLink] = []
    var resumed: [UnsafeContinuation<Void, Never>] = []
    var completed:
      [(completion: @Sendable (_ call: UInt32, CallNews) -> Void, call: UInt32, news: CallNews)] = []
    var finishedSingles: [CallBox] = []
    var wakesRuntime = false
  }

  let state: Mutex<State>
  /// Held by whoever reads from workers: the runtime thread, or a caller who waits for one short answer.
  let receiving = Mutex(())
  let poller: Poller
  let times = CoordinatorTimes()
  /// `nil` where inputs go through pipes, however long they are.
  let lane: InputLane?
  let settings: Launcher.Settings
  let standardError: StandardErrorMode
  /// Set once, before any thread runs.
  private let launcher = Mutex<Launcher?>(nil)

  init(workers: Int, settings: Launcher.Settings, standardError: StandardErrorMode) throws(SystemError) {
    state = Mutex(
      State(scheduler: Scheduler(workers: workers), links: Array(repeating: nil, count: workers)))
    poller = try Poller()
    self.settings = settings
    lane = settings.sharesLargeInputs ? InputLane(workers: workers) : nil
    self.standardError = standardError
  }

  /// Starts the threads, and the workers.
  func start() throws(SystemError) {
    let launcher = try Launcher(settings) { [self] request, result in
      switch result {
      case .success(let link): launched(link)
      case .failure(let failure):
        change { state, _ in
          state.scheduler.failedToStart(request.place, failure, now: MonotonicClock.now())
        }
      }
    }
    self.launcher.withLock { $0 = launcher }
    do {
      try SystemThread.start(name: "procpool-run", blocksSignals: true) { [self] in
        var loop = RuntimeLoop(self)
        loop.run()
        launcher.stop()
        // The two hold each other while the pool lives.
        self.launcher.withLock { $0 = nil }
      }
    } catch {
      launcher.stop()
      self.launcher.withLock { $0 = nil }
      throw error
    }
    change { state, _ in state.scheduler.start() }
  }

  /// Changes the state under the lock, and then does what follows from it.
  @discardableResult
  func change<Result>(_ body: (inout State, inout Effects) -> Result) -> Result {
    let (result, effects) = decide(body)
    carryOut(effects)
    return result
  }

  /// Changes the state under the lock, and says what follows from it.
  func decide<Result>(_ body: (inout State, inout Effects) -> Result) -> (Result, Effects) {
    var effects = Effects()
    let result = state.withLock { state in
      let result = body(&state, &effects)
      perform(&state, &effects)
      return result
    }
    return (result, effects)
  }

  func carryOut(_ effects: Effects) {
    for link in effects.flushes { flush(link) }
    for waiter in effects.resumed { waiter.resume() }
    for (completion, call, news) in effects.completed { completion(call, news) }
    if effects.wakesRuntime { poller.wake() }
  }

  private func launched(_ link: WorkerLink) {
    let isWanted = change { state, effects in
      guard state.scheduler.places[link.place].state == .launching else { return false }
      state.links[link.place] = link
      effects.flushes.append(link)
      return true
    }
    guard isWanted else {
      // Terminated while it was being started.
      link.killAndReap()
      change { state, _ in state.scheduler.failedToStart(link.place, WorkerStartFailure("terminated"), now: 0)
      }
      return
    }
    do {
      try poller.add(link.tasks, for: [], token: LinkToken(link, .tasks).rawValue)
      switch link.process {
      case .some(let process):
        try poller.add(process.descriptor, for: .readable, token: LinkToken(link, .process).rawValue)
      case .none: break
      }
      switch link.errors {
      case .some(let errors): try poller.add(errors, for: .readable, token: LinkToken(link, .errors).rawValue)
      case .none: break
      }
      // Last: with its greeting the worker gets work, and then room in its task pipe may have to be watched
      // for.
      try poller.add(link.results, for: .readable, token: LinkToken(link, .results).rawValue)
    } catch {
      // Out of memory for the poller: nobody would hear of this worker again.
      fatalError("procpool cannot watch a worker that it has started: \(error)")
    }
    change { _, effects in effects.wakesRuntime = true }
  }
}

// MARK: - Statistics

extension PoolRuntime {
  var statistics: PoolStatistics {
    let (times, copied) = times.read()
    return state.withLock { state in
      var statistics = state.statistics
      var spent = state.spentByFormer
      statistics.bytesCopied &+= copied
      for case .some(let link) in state.links {
        let (times, copied) = link.page.spent
        spent &+= times
        statistics.bytesCopied &+= copied
      }
      statistics.coordinator = TimeSplit(times)
      statistics.workers = TimeSplit(spent)
      statistics.chunksSent = state.scheduler.chunksSent
      statistics.queued = .nanoseconds(state.scheduler.queued)
      return statistics
    }
  }
}

// MARK: - Calls

extension PoolRuntime {
  /// Begins a call.
  ///
  /// - Parameters:
  ///   - callFrame: makes the frame that tells a worker the task, given the call's number.
  ///   - lent: where shared memory goes that workers lend with outputs.
  ///   - single: for a call of one item: under which its time is remembered, and who takes its news.
  /// - Returns: `nil` if the pool takes no more calls.
  func begin(
    timeout: Duration?, outputs: OutputShape, lent: LentBlocks?, callFrame: (UInt32) -> FrameMemory,
    single: (key: ObjectIdentifier, completion: @Sendable (_ call: UInt32, CallNews) -> Void)? = nil
  ) -> CallBox? {
    state.withLock { state in
      switch state.scheduler.life {
      case .closing, .stopped, .terminating: return nil
      case .open, .broken: break
      }
      let itemTime = single.flatMap { state.applyTimes[$0.key] } ?? 0
      let id = state.scheduler.begin(timeout: timeout, isSingle: single != nil, itemTime: itemTime)
      let box = CallBox(
        id: id, callFrame: callFrame(id), outputs: outputs, lent: lent, estimateKey: single?.key,
        completion: single?.completion)
      state.boxes[id] = box
      return box
    }
  }

  func submit(_ chunks: [Chunk<InputSlice>]) {
    guard !chunks.isEmpty else { return }
    change { state, _ in state.scheduler.accept(chunks, now: MonotonicClock.now()) }
  }

  /// What has happened since the last time, and how much more would keep the workers busy.
  func exchange(_ box: CallBox, chunkSize: Int?) -> (news: [CallNews], items: Int, chunkSize: Int) {
    state.withLock { state in
      let news = box.news
      box.news = []
      box.hasChanged = false
      let (items, size) = state.scheduler.appetite(of: box.id, chunkSize: chunkSize)
      return (news, items, size)
    }
  }

  /// Waits until there is news for the call, or its owner is called.
  func wait(for box: CallBox, isolation: isolated (any Actor)?) async {
    // Unsafe because a checked continuation allocates, and this is the inner loop's; each is resumed by
    // whoever takes it out of the box.
    await withUnsafeContinuation(isolation: isolation) { continuation in
      let isReady = state.withLock { _ in
        if !box.hasChanged { box.waiter = continuation }
        return box.hasChanged
      }
      if isReady { continuation.resume() }
    }
  }

  /// Makes the call's owner look again.
  func call(ownerOf box: CallBox) {
    let waiter = state.withLock { _ in
      box.hasChanged = true
      defer { box.waiter = nil }
      return box.waiter
    }
    waiter?.resume()
  }

  /// Makes everybody who waits in `submit` look again.
  func recallSubmitters() {
    change { state, effects in
      effects.resumed += Array(state.submitters)
      state.submitters.removeAll()
    }
  }

  /// The owner wants no more of the call: what has not started is taken back.
  func retire(_ box: CallBox) {
    change { state, _ in state.scheduler.cancel(box.id, now: MonotonicClock.now()) }
  }

  func terminate() {
    lane?.close()
    change { state, _ in
      state.isTerminated = true
      state.scheduler.terminate()
    }
  }
}

// MARK: - Performing what the scheduler decides

extension PoolRuntime {
  private func perform(_ state: inout State, _ effects: inout Effects) {
    // Performing an action may bring more.
    while !state.scheduler.actions.isEmpty || !effects.finishedSingles.isEmpty {
      let actions = state.scheduler.actions
      state.scheduler.actions.removeAll(keepingCapacity: true)
      for action in actions { perform(action, &state, &effects) }
      for box in effects.finishedSingles {
        if let key = box.estimateKey { state.applyTimes[key] = state.scheduler.calls[box.id]?.itemTime }
        state.scheduler.cancel(box.id, now: MonotonicClock.now())
      }
      effects.finishedSingles.removeAll()
    }
    if state.scheduler.isAbandoned { state.needsTick = true }
    // The runtime thread may sleep for longer than it now should.
    if state.needsTick, state.nextTick - RuntimeLoop.shortestPeek > MonotonicClock.now() {
      state.nextTick = 0
      effects.wakesRuntime = true
    }
    while let waiter = state.submitters.first, !state.isFull {
      state.submitters.popFirst()
      effects.resumed.append(waiter)
    }
    // A look at everything: with many calls at once, as single applications are, a debug build would do
    // little else.
    assert(
      state.scheduler.calls.count > 64 || state.scheduler.brokenInvariant() == nil,
      state.scheduler.brokenInvariant()!)
  }

  private func perform(
    _ action: SchedulerAction<InputSlice>, _ state: inout State, _ effects: inout Effects
  ) {
    switch action {
    case .launch(let place):
      state.nextGeneration &+= 1
      let request = Launcher.Request(place: place, generation: state.nextGeneration)
      launcher.withLock { $0?.launch(request) }
    case .sendCall(let place, let call):
      guard let link = state.links[place] else { return }
      post(state.boxes[call]!.callFrame, to: link, &effects)
    case .sendChunk(let place, let chunk, let hint):
      guard let link = state.links[place] else { return }
      chunk.payload.note(hint)
      // A worker that could attach its page can attach this; another gets the bytes.
      if link.isPageShared, link.reachesMemory, let reference = chunk.payload.reference() {
        link.outbox.append(reference)
      } else {
        link.outbox.append(chunk.payload.memory, from: chunk.payload.start, to: chunk.payload.end)
      }
      if effects.flushes.last !== link { effects.flushes.append(link) }
      // A chunk that is answered when it is done needs no look at the clock, unless it has a time limit.
      if !hint.flushes || state.scheduler.calls[chunk.call]?.timeout != nil { state.needsTick = true }
    case .takeBack(let place):
      guard let link = state.links[place], link.isPageShared else { return }
      let (position, epoch) = link.page.takeBack()
      state.scheduler.tookBack(place, position: position, epoch: epoch, now: MonotonicClock.now())
    case .sendResume(let place, let epoch):
      guard let link = state.links[place] else { return }
      post(FrameMemory(FrameHeader(.resume, first: epoch)), to: link, &effects)
    case .sendEndCall(let place, let call):
      guard let link = state.links[place] else { return }
      post(FrameMemory(FrameHeader(.endCall, call: call)), to: link, &effects)
    case .sendEnd(let place):
      guard let link = state.links[place] else { return }
      post(FrameMemory(FrameHeader(.end)), to: link, &effects)
    case .kill(let place):
      guard let link = state.links[place] else { return }
      link.kill()
      if link.process == nil { effects.wakesRuntime = true }
    case .fail(let call, let first, let count, let step, let failure):
      guard let box = state.boxes[call] else { return }
      deliver(.failed(first: first, count: count, step: step, failure), to: box, &effects)
    case .askForMore(let call):
      guard let box = state.boxes[call] else { return }
      wake(box, &effects)
    case .forget(let call):
      state.boxes[call] = nil
    case .stopped:
      state.isStopped = true
      effects.resumed += state.joiners + Array(state.submitters)
      state.joiners = []
      state.submitters.removeAll()
      effects.wakesRuntime = true
    }
  }

  func post(_ frame: FrameMemory, to link: WorkerLink, _ effects: inout Effects) {
    link.outbox.append(frame)
    if effects.flushes.last !== link { effects.flushes.append(link) }
  }

  /// Gives news to a call, and wakes its caller if that waits.
  func deliver(_ news: CallNews, to box: CallBox, _ effects: inout Effects) {
    if let completion = box.completion {
      // A call of one item: this was it. It is retired when what it took has been measured.
      box.completion = nil
      effects.completed.append((completion, box.id, news))
      effects.finishedSingles.append(box)
      return
    }
    box.news.append(news)
    wake(box, &effects)
  }

  /// Has the caller look, now if it waits.
  private func wake(_ box: CallBox, _ effects: inout Effects) {
    box.hasChanged = true
    if let waiter = box.waiter {
      box.waiter = nil
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

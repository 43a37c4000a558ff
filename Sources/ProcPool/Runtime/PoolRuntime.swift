import ProcPoolSharedMemory
import ProcPoolSystem
import ProcPoolWire
import ProcPoolWorker
import Synchronization

// The coordinator of a pool:
//
//   callers (Swift tasks)        runtime thread                 launcher thread
//   encode, submit ──┐           polls all pipes                Process.run()
//   take news, decode│           and processes                       │
//                    ▼                 ▼                             ▼
//           ┌───────────── Mutex<State>: scheduler, links, boxes ─────────────┐
//           └─────────────────────────────────────────────────────────────────┘
//                    │ tasks                                   ▲ results, exits
//                    │ (written by the first free thread)      │ (read by the runtime thread)
//                    ▼                                         │
//           worker 0 … worker n−1: one pipe pair and one status page each
//
// Under the lock only memory is touched: the scheduler decides, frames are appended to outboxes, news to
// boxes. Pipes are written and callers resumed after it (`Effects`).

/// The state and the threads of one pool.
final class PoolRuntime: Sendable {
  struct State: ~Copyable {
    /// The processes that there are, by their place.
    var links: [WorkerLink?]
    var scheduler: Scheduler<InputSlice>
    var boxes: [UInt32: CallBox] = [:]
    /// When the last call of several items ended; 0 before there was one.
    var lastCallEnd: Int64 = 0
    /// What an item of the last call took, by task type, in nanoseconds, and the bytes of its output.
    var known: [ObjectIdentifier: (itemTime: Double, outputLength: Int)] = [:]
    /// How callers fare that poll for the answers of single applications, by task type.
    var polling: [ObjectIdentifier: PollingRecord] = [:]
    var nextGeneration: UInt32 = 0
    /// Places that wait before the next worker is started in them, and until when.
    var rests: [(place: Int, until: Int64)] = []
    /// Who wants to hear what happens, by number.
    var observers: [UInt64: PoolEvents.Continuation] = [:]
    var nextObserver: UInt64 = 0
    /// Callers of `submit` that wait until fewer calls are pending.
    var submitters = Deque<UnsafeContinuation<Void, Never>>()
    var joiners: [UnsafeContinuation<Void, Never>] = []
    var isTerminated = false
    var isStopped = false
    /// It is stopped, and the runtime thread has nothing more to do.
    var hasEnded = false
    var statistics = PoolStatistics()
    /// What processes that have ended had done, by the worker that they were last.
    var former: [WorkerRecord]
    /// Of those that were none.
    var formerStandby = WorkerRecord()
    /// Of the calls in `boxes` those of several items that their callers still want something of.
    var longCalls: [UInt32: CallBox] = [:]
    /// When a worker took up work for the first time; 0 before that.
    var firstBegun: Int64 = 0
    /// Calls of several items that are over, the latest last.
    var pastCalls: [CallStatistics] = []
    var singleCalls = SingleCalls()
    /// How many calls may be pending before `submit` waits: enough to fill every worker's window with items
    /// of a tenth of a millisecond.
    private var submissionLimit: Int { 16 * scheduler.seats.count }
    /// So many calls are pending that `submit` waits.
    var isFull: Bool { scheduler.turns.count >= submissionLimit }
    /// Work has been sent since the runtime thread last looked at its clock.
    var needsTick = false
    /// Work has been sent since the runtime thread last looked whether there is any.
    var needsWatch = false
    /// Frames lie in outboxes for which no worker need wake up, or will soon.
    var needsFlush = false
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
    var events: [(event: PoolEvent, observers: [PoolEvents.Continuation])] = []
    /// To be told with what the worker is doing.
    var stalls: [(event: PoolEvent, link: WorkerLink)] = []
    var silenced: [PoolEvents.Continuation] = []
    var wakesRuntime = false
  }

  let state: CountedMutex<State>
  /// Held by whoever reads from workers: the runtime thread, or a caller who waits for one short answer.
  let receiving = Mutex(())
  let poller: Poller
  let times = CoordinatorTimes()
  let handover = Handover()
  let memoryKills = MemoryKills.shared
  /// Workers that were killed and are not known to have ended, in the order in which they were killed.
  let dying = Mutex<[WorkerLink]>([])
  /// What workers may write to that were given up though they had not ended: it is given to no other.
  let leftBehind = Mutex<[InputSlice]>([])
  /// A call of several items has ended since the last one of one item began. Relaxed, because nothing depends on it.
  let areSinglesOld = Atomic(true)
  var lanes: [MemoryLane] { [inputs, outputs].compactMap(\.self) }
  /// `nil` where inputs go through pipes, however long they are.
  let inputs: MemoryLane?
  /// The same for outputs. Apart from the inputs' memory, which workers cannot write to.
  let outputs: MemoryLane?
  let settings: PoolSettings
  let standardError: StandardErrorMode
  /// The process that has made the pool, whose threads serve it.
  let origin = ProcessOrigin.current
  /// The program's own standard error, as it was when the pool was made.
  let errors: ErrorStream
  /// Set once, before any thread runs.
  let launcher = Mutex<Launcher?>(nil)

  init(
    workers: Int, recycling: Recycling, settings: PoolSettings, standardError: StandardErrorMode
  ) throws(SystemError) {
    let scheduler = Scheduler<InputSlice>(
      workers: workers, grace: settings.grace, recycling: recycling,
      stallTime: settings.stallNotice?.after.nanoseconds, processors: PoolSizing.processors)
    var settings = settings
    settings.places = scheduler.places.count
    state = CountedMutex(
      State(
        links: Array(repeating: nil, count: scheduler.places.count), scheduler: scheduler,
        former: Array(repeating: WorkerRecord(), count: workers)))
    // Before the pool's first descriptor.
    try StandardStreams.fill()
    errors = try ErrorStream.current()
    poller = try Poller()
    memoryKills.note()
    self.settings = settings
    let shares = settings.sharesLargePayloads
    inputs = shares ? MemoryLane(named: "procpool-inputs", workers: workers) : nil
    outputs = shares ? MemoryLane(named: "procpool-outputs", workers: workers) : nil
    self.standardError = standardError
  }

  /// Whether this process is a copy of the pool's, in which nobody serves it, and its locks may be held for ever.
  var isInCopy: Bool { origin != ProcessOrigin.current }

  /// - Throws: in a copy of the pool's process.
  func requireOwnProcess() throws(PoolError) {
    if isInCopy { throw .otherProcess(origin) }
  }

  /// Starts the threads, and the workers.
  func start() throws(SystemError) {
    let launcher = try Launcher(settings, begins: handover.enterLauncher) { [self] request, result in
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
        handover.enterRuntime()
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
    for (event, observers) in effects.events { for observer in observers { observer.yield(event) } }
    for (event, link) in effects.stalls { tell(event, lookingAt: link) }
    for observer in effects.silenced { observer.finish() }
    if effects.wakesRuntime { poller.wake() }
  }

  private func launched(_ link: WorkerLink) {
    var failure = WorkerStartFailure("terminated")
    // Before the pool knows of the worker: what cannot be watched must not be waited for.
    do throws(SystemError) {
      try watch(link)
    } catch {
      failure = WorkerStartFailure("worker \(link.place) (pid \(link.pid)) cannot be watched: \(error)")
      return discard(link, failure)
    }
    let isWanted = change { state, effects in
      guard state.scheduler.places[link.place].state == .launching else { return false }
      state.links[link.place] = link
      effects.flushes.append(link)
      effects.wakesRuntime = true
      return true
    }
    // Else terminated while it was being started.
    if !isWanted { discard(link, failure) }
  }

  /// Has the poller report what becomes of a worker.
  private func watch(_ link: WorkerLink) throws(SystemError) {
    try poller.add(link.tasks, for: [], token: LinkToken(link, .tasks).rawValue)
    try poller.add(link.results, for: .readable, token: LinkToken(link, .results).rawValue)
    switch link.process {
    case .some(let process):
      try poller.add(process.descriptor, for: .readable, token: LinkToken(link, .process).rawValue)
    case .none: break
    }
    switch link.errors {
    case .some(let errors): try poller.add(errors, for: .readable, token: LinkToken(link, .errors).rawValue)
    case .none: break
    }
  }

  /// Ends a worker that the pool does not know of. On the launcher's thread.
  private func discard(_ link: WorkerLink, _ failure: WorkerStartFailure) {
    link.page.note(process: nil)
    poller.remove(link.tasks)
    poller.remove(link.results)
    switch link.process {
    case .some(let process): poller.remove(process.descriptor)
    case .none: break
    }
    switch link.errors {
    case .some(let errors): poller.remove(errors)
    case .none: break
    }
    link.killAndReap()
    change { state, _ in state.scheduler.failedToStart(link.place, failure, now: MonotonicClock.now()) }
  }
}

// MARK: - Calls

extension PoolRuntime {
  /// Begins a call.
  ///
  /// - Parameters:
  ///   - task: the type of the task, under which it is remembered what items take.
  ///   - chunkSize: how many items the caller wants in a chunk, if he does.
  ///   - callFrame: makes the frame that tells a worker the task, given the call's number.
  ///   - lent: where shared memory goes that workers lend with outputs.
  ///   - completion: for a call of one item: takes its news.
  /// - Returns: `nil` if the pool takes no more calls.
  func begin(
    _ task: any Any.Type, _ limits: CallLimits, outputs: OutputShape, lent: LentBlocks?,
    chunkSize: Int? = nil, callFrame: (UInt32) -> FrameMemory,
    completion: (@Sendable (_ call: UInt32, CallNews) -> Void)? = nil
  ) -> CallBox? {
    if isInCopy { return nil }
    let isTimed = limits.deadline != nil
    let isSingle = completion != nil
    // Of calls of one item the first, since they are counted together.
    let isStart = !isSingle || areSinglesOld.exchange(false, ordering: .relaxed)
    let start = isStart ? CallStart(time: MonotonicClock.now(), statistics, chunkSize: chunkSize) : nil
    let now = start?.time ?? (isTimed ? MonotonicClock.now() : 0)
    let box: CallBox? = state.withLock { state in
      switch state.scheduler.life {
      case .closing, .stopped, .terminating: return nil
      case .open, .broken: break
      }
      let last = state.known[ObjectIdentifier(task)] ?? (0, 0)
      let id = state.scheduler.begin(limits, isSingle: isSingle, itemTime: last.itemTime, now: now)
      let box = CallBox(
        id: id, task: task, callFrame: callFrame(id), outputs: outputs, lent: lent,
        start: isSingle ? nil : start,
        followsClosely: !isSingle && now - state.lastCallEnd <= settings.pollingTimes.call,
        outputLength: last.outputLength, completion: completion)
      state.boxes[id] = box
      if !isSingle { state.longCalls[id] = box }
      if isSingle, let start { state.singleCalls = SingleCalls(since: start) }
      return box
    }
    // The runtime thread may sleep for longer than until then.
    if isTimed { change { state, _ in state.needsTick = true } }
    return box
  }

  /// Gives chunks room for their outputs, where those are expected to be long.
  func giveRoom(to chunks: inout [Chunk<InputSlice>], outputLength: Int) {
    guard outputLength >= MemoryLane.shortest, let outputs else { return }
    for index in chunks.indices {
      chunks[index].payload.room = outputs.room(forOutputs: chunks[index].count, of: outputLength)
    }
  }

  func submit(_ chunks: [Chunk<InputSlice>]) {
    guard !chunks.isEmpty else { return }
    change { state, _ in state.scheduler.accept(chunks, now: MonotonicClock.now()) }
  }

  /// What has happened since the last time, and how much more would keep the workers busy.
  ///
  /// - Returns: the length of outputs, too, as far as it is known, and why the pool runs nothing any more, if
  ///   that is so.
  func exchange(
    _ box: CallBox, chunkSize: Int?
  ) -> (news: [CallNews], appetite: Appetite, outputLength: Int, poolEnd: PoolError?) {
    state.withLock { state in
      let news = box.news
      box.news = []
      box.unseenBytes = 0
      box.hasChanged = false
      let poolEnd: PoolError? =
        switch state.scheduler.life {
        case .open, .closing: nil
        case .broken(let failure): .workersUnavailable(failure)
        case .terminating, .stopped: .terminated
        }
      return (news, state.scheduler.appetite(of: box.id, chunkSize: chunkSize), box.outputLength, poolEnd)
    }
  }

  /// Waits until there is news for the call, or its owner is called.
  ///
  /// - Parameter key: the type of the task.
  /// - Parameter untilEnd: whether outputs alone are not worth waking up for, before they are the last.
  func wait(
    for box: CallBox, key: ObjectIdentifier, untilEnd: Bool, isolation: isolated (any Actor)?
  ) async {
    if untilEnd { pollForEnd(of: box, key: key) }
    // Without an actor the task is at home wherever it is resumed.
    guard isolation != nil else { return await suspend(box, untilEnd: untilEnd, isolation: nil) }
    await withTaskExecutorPreference(handover, isolation: isolation) {
      await suspend(box, untilEnd: untilEnd, isolation: isolation)
    }
  }

  private func suspend(_ box: CallBox, untilEnd: Bool, isolation: isolated (any Actor)?) async {
    // Unsafe because a checked continuation allocates, and this is the inner loop's; each is resumed by
    // whoever takes it out of the box.
    await withUnsafeContinuation(isolation: isolation) { continuation in
      let isReady = state.withLock { _ in
        box.waitsForEnd = untilEnd
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
    if isInCopy { return }
    let end = box.start.map { _ in statistics }
    change { state, _ in
      if box.start != nil { state.lastCallEnd = MonotonicClock.now() }
      remember(box, &state)
      if let end { record(box, end, &state) }
      state.scheduler.cancel(box.id, now: MonotonicClock.now())
    }
  }

  func terminate() {
    if isInCopy { return }
    for lane in lanes { lane.close() }
    change { state, _ in
      state.isTerminated = true
      state.scheduler.terminate()
    }
  }
}

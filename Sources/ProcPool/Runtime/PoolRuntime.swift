import ProcPoolSystem
import Synchronization

// The coordinator of a pool:
//
//   callers (Swift tasks)        runtime thread                 launcher thread
//   encode, submit ──┐           polls all pipes                Process.run()
//   take news, decode│           and processes                       │
//                    ▼                 ▼                             ▼
//           ┌──────────── Mutex<PoolState>: scheduler, workers, calls ────────────┐
//           └─────────────────────────────────────────────────────────────────────┘
//                    │ tasks                                   ▲ results, exits
//                    │ (written by the first free thread)      │ (read by the runtime thread)
//                    ▼                                         │
//           worker 0 … worker n−1: one pipe pair and one status page each
//
// Under the lock, only memory is accessed: the scheduler decides, frames are appended to outboxes,
// and news to calls. Pipes are written and callers resumed after the lock is released (`Effects`).
//
// Ownership: the pool's lock guards `PoolState`, with a `WorkerEntry` for each worker. The lock of
// a `WorkerConnection` guards the data read from that worker (`Incoming`), and is taken before the
// pool's lock. Only the runtime thread accesses its `RuntimeLoop`, with a `Standing` for each
// worker.

/// The state and the threads of one pool.
final class PoolRuntime: Sendable {
  let state: CountedMutex<PoolState>
  let poller: Poller
  let times = CoordinatorTimes()
  let executor = RuntimeExecutor()
  let memoryKills = MemoryKills.shared
  /// Workers that were killed and may not have ended yet, in the order in which they were killed.
  let dying = Mutex<[WorkerConnection]>([])
  /// Memory that abandoned workers, which have not ended, may still write to. It is never reused.
  let leftBehind = Mutex<[InputSlice]>([])
  /// The nonces of shared blocks that the program has released, whose handles may be in kept tasks.
  let releasedBlocks = Mutex<Set<UInt64>>([])
  /// Whether a call of several items has ended since the last single-item call began. Relaxed,
  /// because no other memory depends on it.
  let areSinglesOld = Atomic(true)
  var lanes: [PayloadMemory] { [inputs, outputs].compactMap(\.self) }
  /// The shared memory for long inputs; `nil` if all inputs go through pipes.
  let inputs: PayloadMemory?
  /// The shared memory for long outputs. It is separate because workers cannot write to the memory
  /// of inputs.
  let outputs: PayloadMemory?
  let settings: PoolSettings
  let standardError: StandardErrorMode
  /// The process that created the pool, whose threads serve it.
  let origin = ProcessOrigin.current
  /// The program's own standard error, as of the creation of the pool.
  let errors: ErrorStream
  /// Set once, before any thread runs.
  let launcher = Mutex<Launcher?>(nil)

  init(
    workers: Int, recycling: Recycling, settings: PoolSettings, standardError: StandardErrorMode
  ) throws(SystemError) {
    let scheduler = Scheduler<InputSlice>(
      workers: workers, grace: settings.grace, recycling: recycling,
      stallTime: settings.stallNotice.map { Nanoseconds($0.after) }, processors: PoolSizing.processors,
      mostPolling: settings.pollingTimes.mostWorkers)
    var settings = settings
    settings.places = scheduler.placeCount
    state = CountedMutex(PoolState(scheduler, workers: workers, keptTasks: settings.keptTasks))
    // Before the pool opens its first descriptor.
    try StandardStreams.fill()
    errors = try ErrorStream.current()
    poller = try Poller()
    memoryKills.note()
    self.settings = settings
    let shares = settings.sharesLargePayloads
    inputs = shares ? PayloadMemory(named: "procpool-inputs", workers: workers) : nil
    outputs = shares ? PayloadMemory(named: "procpool-outputs", workers: workers) : nil
    self.standardError = standardError
  }

  /// Whether this process is a fork of the pool's process, in which no thread serves the pool and
  /// its locks may be held for ever.
  var isInCopy: Bool { origin != ProcessOrigin.current }

  /// - Throws: `PoolError` in a fork of the pool's process.
  func requireOwnProcess() throws(PoolError) {
    if isInCopy { throw .otherProcess(origin) }
  }

  /// Starts the threads and the workers.
  func start() throws(SystemError) {
    let launcher = try Launcher(settings, begins: executor.enterLauncher) { [self] in
      launched($0, $1)
    }
    self.launcher.withLock { $0 = launcher }
    do {
      try SystemThread.start(name: "procpool-run", blocksSignals: true) { [self] in
        executor.enterRuntime()
        var loop = RuntimeLoop(self)
        loop.run()
        launcher.stop()
        // Breaks the reference cycle of the runtime and the launcher, which exists while the pool
        // lives.
        self.launcher.withLock { $0 = nil }
      }
    } catch {
      launcher.stop()
      self.launcher.withLock { $0 = nil }
      throw error
    }
    change { state, _ in state.scheduler.start() }
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

// MARK: - Changing the state

extension PoolRuntime {
  /// Changes the state under the lock, then carries out the effects.
  @discardableResult
  func change<Result>(_ body: (inout PoolState, inout Effects) -> Result) -> Result {
    let (result, effects) = decide(body)
    carryOut(effects)
    return result
  }

  /// Changes the state under the lock, and returns the effects.
  func decide<Result>(_ body: (inout PoolState, inout Effects) -> Result) -> (Result, Effects) {
    var effects = Effects()
    let result = state.withLock { state in
      let result = body(&state, &effects)
      perform(&state, &effects)
      return result
    }
    return (result, effects)
  }

  func carryOut(_ effects: Effects) {
    for connection in effects.flushes { flush(connection) }
    for waiter in effects.resumed { waiter.resume() }
    for (completion, call, news) in effects.completed { completion(call, news) }
    for (event, listeners) in effects.events { PoolEvent(event).announce(to: listeners) }
    for (event, worker) in effects.stalls { announce(event, withStackOf: worker) }
    for listener in effects.silenced { listener.finish() }
    if effects.wakesRuntime { poller.wake() }
  }
}

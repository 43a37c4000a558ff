import Glibc
import ProcPoolSystem

/// The pool's runtime thread, which waits for workers, reads from them, and handles their ends.
struct RuntimeLoop {
  /// The state of a worker that only this thread uses.
  struct Standing {
    let connection: WorkerConnection
    /// Whether it was half dead at the last check.
    var wasHalfDead = false
    /// When it closed its results; `nil` if it has not.
    var closed: Int64?
    /// Whether it was killed because it did not complete the handshake in time.
    var isLate = false
    /// Whether its traced threads have been released since it was killed.
    var isReleased = false
  }

  let runtime: PoolRuntime
  var deadlines = Deadlines()
  var peekInterval = Self.shortestPeek
  /// Workers with a noteworthy state, by generation.
  var standings: [UInt32: Standing] = [:]
  var relay: ErrorRelay

  /// How long finished results wait in a busy worker's buffer before they are fetched, in
  /// nanoseconds. The interval doubles while nothing is found, so that a pool with items of seconds
  /// is not checked all the time. Frames for which no worker need wake wait for the same time.
  static let shortestPeek: Int64 = 2_000_000
  static let longestPeek: Int64 = 64_000_000
  /// The interval of checking that busy workers are alive, which takes some microseconds per
  /// worker. Nanoseconds.
  static let lifeInterval: Int64 = 1_000_000_000

  init(_ runtime: PoolRuntime) {
    self.runtime = runtime
    relay = ErrorRelay(runtime)
  }

  mutating func run() {
    var events: [(UInt64, Readiness)] = []
    while true {
      events.removeAll(keepingCapacity: true)
      guard let timeout = waitingTime() else {
        for lane in runtime.lanes { lane.trim(now: .max) }
        relay.finish()
        runtime.noteEnd()
        return
      }
      do {
        try runtime.times.measureWaiting { () throws(SystemError) in try poll(timeout, &events) }
      } catch {
        fatalError("procpool cannot wait for its workers: \(error)")
      }
      // While this thread is awake, no other thread needs to wake it for its clock.
      let abandoned = runtime.state.withLock { state in
        state.clockwork.wakeTime = 0
        defer { state.clockwork.abandoned = [] }
        return state.clockwork.abandoned
      }
      runtime.dropTasksOfReleasedBlocks()
      // Results before ends, so that the results of a worker that has ended count.
      for (token, readiness) in events { handle(WorkerConnection.Token(rawValue: token), readiness) }
      let now = MonotonicClock.now()
      while let timer = deadlines.takeDue(now: now) { perform(timer, now: now) }
      relay.noteTime(now)
      for worker in abandoned { worker.incoming.withLock { end(worker, &$0) } }
    }
  }

  private func poll(_ timeout: Int64, _ events: inout [(UInt64, Readiness)]) throws(SystemError) {
    if timeout != 0, mayPoll() {
      let deadline = MonotonicClock.now() + runtime.settings.pollingTimes.frame
      repeat {
        if try runtime.poller.wait(timeout: 0, { events.append(($0, $1)) }) { return }
        // The worker that is to answer may be waiting for this processor.
        sched_yield()
      } while MonotonicClock.now() < deadline
    }
    try runtime.poller.wait(timeout: timeout) { events.append(($0, $1)) }
  }

  /// Whether to poll briefly before sleeping: only while an answer is due and there is a free
  /// processor.
  private func mayPoll() -> Bool {
    runtime.state.withLock { state in
      let busy = state.scheduler.busyPlaces
      return busy > 0 && busy < PoolSizing.processors
    }
  }

  // MARK: - Events

  private mutating func handle(_ token: WorkerConnection.Token, _ readiness: Readiness) {
    let worker = runtime.state.withLock { state in
      state.workers[token.place].flatMap {
        $0.connection.generation == token.generation ? $0.connection : nil
      }
    }
    guard let worker else { return }
    switch token.source {
    case .results: worker.incoming.withLock { readResults(worker, &$0) }
    case .tasks: runtime.flush(worker, afterWaiting: true)
    case .errors: relay.read(worker)
    case .process: worker.incoming.withLock { end(worker, &$0) }
    }
  }

  /// The maximum number of reads from one worker before other workers are read: about a megabyte.
  private static let readsPerTurn = 16

  private mutating func readResults(_ worker: WorkerConnection, _ incoming: inout Incoming) {
    for _ in 0..<Self.readsPerTurn {
      guard incoming.isOpen else { return }
      switch runtime.readOnce(worker, &incoming) {
      case .more: continue
      case .nothing: return
      case .closed:
        incoming.isOpen = false
        runtime.poller.remove(worker.results)
        if worker.process == nil {
          end(worker, &incoming)
        } else {
          // It is probably ending: a process closes its descriptors just before its end.
          standings[worker.generation, default: Standing(connection: worker)].closed = MonotonicClock.now()
        }
        return
      }
    }
  }
}

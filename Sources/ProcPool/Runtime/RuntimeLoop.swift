import Glibc
import ProcPoolSystem
import ProcPoolWire
import ProcPoolWorker

/// The pool's runtime thread: waits for workers, reads what they send, notices when they end.
struct RuntimeLoop {
  let runtime: PoolRuntime
  /// When results that lie in workers' buffers are looked for next, and the interval from then on.
  private var nextPeek: Int64 = .max
  private var peekInterval = Self.shortestPeek
  /// When frames are written that no worker need wake up for.
  private var nextFlush: Int64 = .max
  private var nextCheck: Int64 = .max
  /// When it is looked whether busy workers are alive.
  private var nextLifeCheck: Int64 = .max
  /// When it is looked at how much memory workers use, if that is limited.
  private var nextMemoryCheck: Int64 = .max
  /// Workers that have closed their results and are not known to have ended.
  private var closed: [WorkerLink] = []
  private var relay: ErrorRelay

  /// Finished results wait this long in a busy worker's buffer before they are fetched from there; the
  /// interval doubles while nothing is found, so that a pool whose items take seconds is not looked at all
  /// the time. Frames that no worker need wake up for wait as long. Nanoseconds.
  static let shortestPeek: Int64 = 2_000_000
  private static let longestPeek: Int64 = 64_000_000
  /// How long a worker may take to greet: far more than it takes on a loaded machine.
  private static let greetingTime: Int64 = 30_000_000_000
  /// How long a worker may live after it has closed its results: a process that ends takes less.
  private static let closingTime: Int64 = 500_000_000
  /// How often it is looked whether busy workers are alive: some microseconds for each of them. Nanoseconds.
  static let lifeInterval: Int64 = 1_000_000_000
  /// How often it is looked at how much memory busy workers use: some microseconds for each of them.
  private static let memoryInterval: Int64 = 100_000_000

  init(_ runtime: PoolRuntime) {
    self.runtime = runtime
    relay = ErrorRelay(runtime)
  }

  mutating func run() {
    var events: [(UInt64, Readiness)] = []
    while true {
      events.removeAll(keepingCapacity: true)
      let timeout = waitingTime()
      if timeout == nil {
        for lane in runtime.lanes { lane.trim(now: .max) }
        relay.finish()
        runtime.noteEnd()
        return
      }
      do {
        try runtime.times.measureWaiting { () throws(SystemError) in try poll(timeout!, &events) }
      } catch {
        fatalError("procpool cannot wait for its workers: \(error)")
      }
      // Awake: nobody needs to wake this thread for a look at the clock.
      runtime.state.withLock { $0.nextTick = 0 }
      // Results before exits, so that what a worker has finished counts.
      for (token, readiness) in events { handle(LinkToken(rawValue: token), readiness) }
      tick()
    }
  }

  private func poll(_ timeout: Int64, _ events: inout [(UInt64, Readiness)]) throws(SystemError) {
    if timeout != 0, mayPoll() {
      let deadline = MonotonicClock.now() + runtime.settings.pollingTimes.frame
      repeat {
        if try runtime.poller.wait(timeout: 0, { events.append(($0, $1)) }) { return }
        // Whoever is to answer may be waiting for this very processor.
        sched_yield()
      } while MonotonicClock.now() < deadline
    }
    try runtime.poller.wait(timeout: timeout) { events.append(($0, $1)) }
  }

  /// Whether to poll for a moment before sleeping: only while an answer is due and a processor is free for
  /// it.
  private func mayPoll() -> Bool {
    guard runtime.settings.pollingTimes.frame > 0 else { return false }
    return runtime.state.withLock { state in
      let busy = state.scheduler.busyPlaces
      return busy > 0 && busy < PoolSizing.processors
    }
  }

  /// - Returns: nanoseconds until something is due; negative for never; `nil` when the pool has stopped.
  private mutating func waitingTime() -> Int64? {
    let now = MonotonicClock.now()
    var next = Int64.max
    let isStopped = runtime.state.withLock { state in
      if state.isStopped { return true }
      if let patience = state.scheduler.patience(now: now) {
        nextCheck = min(nextCheck, now.addingSaturating(patience))
      } else {
        nextCheck = .max
      }
      for rest in state.rests { next = min(next, rest.until) }
      state.needsWatch = false
      let isBusy = state.scheduler.busyPlaces > 0
      nextLifeCheck = isBusy ? min(nextLifeCheck, now + Self.lifeInterval) : .max
      if runtime.settings.maximumWorkerMemory != nil, isBusy {
        nextMemoryCheck = min(nextMemoryCheck, now + Self.memoryInterval)
      }
      if state.needsTick {
        state.needsTick = false
        peekInterval = Self.shortestPeek
        nextPeek = min(nextPeek, now + peekInterval)
      }
      if state.needsFlush {
        state.needsFlush = false
        nextFlush = min(nextFlush, now + Self.shortestPeek)
      }
      for (index, place) in state.scheduler.places.enumerated() where place.state == .launching {
        if let link = state.links[index] { next = min(next, link.started + Self.greetingTime) }
      }
      return false
    }
    if isStopped { return nil }
    next = min(
      next, nextPeek, nextFlush, nextCheck, nextLifeCheck, nextMemoryCheck)
    for lane in runtime.lanes { next = min(next, lane.nextTrim ?? .max) }
    next = min(next, relay.nextTime)
    for link in closed { next = min(next, link.closedAt + Self.closingTime) }
    if let deadline = runtime.launcher.withLock({ $0?.deadline }) { next = min(next, deadline) }
    for link in runtime.dying.withLock({ $0 }) {
      let time = link.isReleased ? Self.endingTime : Self.releaseTime
      next = min(next, link.killed.load(ordering: .relaxed) + time)
    }
    // Whoever sends work from now on wakes this thread if it would sleep for too long.
    let isLate = runtime.state.withLock { state in
      state.nextTick = next
      return state.needsTick || state.needsFlush || state.needsWatch
    }
    return isLate ? 0 : next == .max ? -1 : max(0, next - now)
  }

  /// What is due by the clock.
  private mutating func tick() {
    let now = MonotonicClock.now()
    for lane in runtime.lanes { lane.trim(now: now) }
    if now >= nextCheck {
      nextCheck = .max
      if runtime.state.withLock({ $0.scheduler.isDeadlineOver(now: now) }) { runtime.fetchResults() }
      runtime.change { state, _ in
        let links = state.links
        state.scheduler.checkClock(now: now) { place in
          guard let link = links[place] else { return WorkerSight(written: 0) }
          return WorkerSight(progress: link.isPageShared ? link.page.progress : nil, written: link.written)
        }
      }
    }
    if now >= nextLifeCheck {
      nextLifeCheck = .max
      checkLives()
    }
    if now >= nextMemoryCheck {
      nextMemoryCheck = .max
      checkMemory(now: now)
    }
    let isRested = runtime.state.withLock { $0.rests.contains { now >= $0.until } }
    if isRested {
      runtime.change { state, _ in
        for rest in state.rests where now >= rest.until { state.scheduler.rested(rest.place) }
        state.rests.removeAll { now >= $0.until }
      }
    }
    if now >= nextPeek {
      nextPeek = .max
      let isBusy = runtime.fetchResults()
      if isBusy {
        peekInterval = min(peekInterval * 2, Self.longestPeek)
        nextPeek = now + peekInterval
      }
    }
    if now >= nextFlush {
      nextFlush = .max
      for case let link? in runtime.state.withLock({ $0.links }) { runtime.flush(link) }
    }
    let late = runtime.state.withLock { state in
      state.links.filter {
        guard let link = $0, state.scheduler.places[link.place].state == .launching else { return false }
        return now - link.started > Self.greetingTime
      }
    }
    for case let link? in late {
      link.startFailure = WorkerStartFailure(
        "worker \(link.place) (pid \(link.pid)) did not complete the handshake within "
          + "\(Self.greetingTime / 1_000_000_000) s; " + RuntimeLoop.serveAdvice,
        standardError: link.words.lastLines.text)
      runtime.kill(link)
    }
    giveUpThoseThatDoNotEnd(now: now)
    giveUpLaunches(now: now)
    for link in closed where now >= link.closedAt + Self.closingTime {
      kill(link, because: "it closed its results and went on running")
    }
    closed.removeAll { now >= $0.closedAt + Self.closingTime }
    relay.tick(now: now)
    // Workers on threads have no process that could be killed: they are given up.
    let abandoned = runtime.state.withLock { state in
      state.links.filter {
        guard let link = $0, link.process == nil else { return false }
        if case .condemned = state.scheduler.places[link.place].state { return true }
        return false
      }
    }
    for case let link? in abandoned { runtime.receiving.withLock { _ in end(link) } }
  }

  static let serveAdvice =
    "let its main type conform to PoolProgram, or call `serveIfWorker()` as the first line of its main"

  // MARK: - Events

  private mutating func handle(_ token: LinkToken, _ readiness: Readiness) {
    let link = runtime.state.withLock { state in
      state.links[token.place].flatMap { $0.generation == token.generation ? $0 : nil }
    }
    guard let link else { return }
    switch token.source {
    case .results: runtime.receiving.withLock { _ in readResults(link) }
    case .tasks: runtime.flush(link, afterWaiting: true)
    case .errors: relay.read(link)
    case .process: runtime.receiving.withLock { _ in end(link) }
    }
  }

  /// Reads at most so often from one worker before the others get their turn: a megabyte or so.
  private static let readsPerTurn = 16

  private mutating func readResults(_ link: WorkerLink) {
    for _ in 0..<Self.readsPerTurn {
      guard link.isResultsOpen else { return }
      switch runtime.readOnce(link) {
      case .more: continue
      case .nothing: return
      case .closed:
        link.isResultsOpen = false
        runtime.poller.remove(link.results)
        if link.process == nil {
          end(link)
        } else {
          // It is ending, most likely: a process closes its descriptors just before it is gone.
          link.closedAt = MonotonicClock.now()
          closed.append(link)
        }
        return
      }
    }
  }

  // MARK: - Ends

  /// A worker has ended: takes what it wrote, its status, and itself out of the pool.
  private mutating func end(_ link: WorkerLink) {
    var end = ProcessEnd.unknown
    switch link.process {
    case .none: break
    case .some(let process):
      guard let (status, peak) = process.reap() ?? ProcessState.endOfTraced(link.pid).map({ ($0, nil) })
      else {
        return
      }
      link.peakMemory = peak
      end = status == .unknown ? link.endByFoundation : status
      endOffspring(of: link)
    }
    finish(link, end)
  }

  /// Takes what a worker wrote, and itself out of the pool.
  mutating func finish(_ link: WorkerLink, _ end: ProcessEnd) {
    runtime.dying.withLock { $0.removeAll { $0 === link } }
    switch link.process {
    case .some(let process): runtime.poller.remove(process.descriptor)
    case .none: break
    }
    closed.removeAll { $0 === link }
    while link.isResultsOpen, runtime.readOnce(link) == .more {}
    if link.isResultsOpen { runtime.poller.remove(link.results) }
    runtime.poller.remove(link.tasks)
    relay.drain(link)
    runtime.finish(link, end)
  }
}

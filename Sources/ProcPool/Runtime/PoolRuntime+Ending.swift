import Glibc
import ProcPoolProtocol
import ProcPoolSystem
import ProcPoolWire
import ProcPoolWorker

// Workers that have ended.

extension PoolRuntime {
  /// A worker has ended and everything that it wrote has been taken.
  func finish(_ link: WorkerLink, _ end: ProcessEnd) {
    let standardError = link.words.lastLines.text
    // A thread cannot be killed: the item that it has claimed may run to its end, and the rest it never gets.
    let begun =
      link.process == nil ? StatusPage.Progress(position: link.page.takeBack().position, phase: .idle) : nil
    let unwritten = UnwrittenResults(of: link)
    let memory =
      end == .signalled(SIGKILL) || end == .unknown && link.process != nil ? memoryKills.claim() : nil
    change { state, effects in
      let now = MonotonicClock.now()
      state.links[link.place] = nil
      link.page.note(process: nil)
      state.noteEnd(of: link, now: now)
      if link.greeting == nil {
        let failure =
          link.startFailure.map {
            WorkerStartFailure($0.message, standardError: standardError, isShortage: $0.isShortage)
          }
          ?? WorkerStartFailure(pid: link.pid, endedWith: end, standardError: standardError)
        state.scheduler.failedToStart(link.place, failure, now: now)
      } else {
        // With its end in one step, lest it be given more because it has nothing left to do.
        if let unwritten { take(unwritten, of: link, &state, &effects) }
        let loss = WorkerLoss(
          of: link, end, standardError: standardError, memory: memory, limits: settings.limits)
        switch state.scheduler.places[link.place].state {
        case .leaving, .standby: break
        default:
          state.statistics.workersLost += 1
          if link.hasSeat { state.former[link.worker.index].losses += 1 }
        }
        state.scheduler.lost(
          link.place, progress: begun ?? (link.isPageShared ? link.page.progress : nil), loss: loss, now: now)
      }
    }
  }
}

extension PoolRuntime {
  /// The pool has stopped, and all that its workers wrote has been passed on, as far as that was possible.
  func noteEnd() {
    let joiners = state.withLock { state in
      state.hasEnded = true
      defer { state.joiners = [] }
      return state.joiners
    }
    for joiner in joiners { joiner.resume() }
  }
}

extension WorkerLoss {
  init(
    of link: WorkerLink, _ end: ProcessEnd, standardError: String, memory: LikelyCause.MemoryLimit?,
    limits: ResourceLimits
  ) {
    self.init(
      worker: link.worker, pid: link.pid, end: end,
      cause: LikelyCause(
        end: end, lastAct: link.page.lastAct, violation: link.violation, condemnation: link.condemnation,
        memory: memory,
        peakMemory: link.peakMemory, limits: limits, standardError: standardError),
      peakMemory: link.peakMemory, standardError: standardError)
  }
}

extension WorkerStartFailure {
  /// The failure of a program that ended before it completed the handshake.
  init(pid: Int32, endedWith end: ProcessEnd, standardError: String) {
    if end == .exited(status: WorkerMark.forgotToServe) {
      self.init(
        "the program was started as a worker and made a pool of its own instead of serving; "
          + RuntimeLoop.serveAdvice, standardError: standardError)
      return
    }
    let isShortage = end == .exited(status: WorkerMark.metShortage)
    let isProgramsOwn =
      if case .exited(let status) = end { status != WorkerMark.gaveUp && !isShortage } else { false }
    let advice = isProgramsOwn ? "; " + RuntimeLoop.serveAdvice : ""
    self.init(
      "the program (pid \(pid)) ended with \(end) before it completed the handshake\(advice)",
      standardError: standardError, isShortage: isShortage)
  }
}

import Glibc
import ProcPoolProtocol
import ProcPoolSystem

// Workers that have ended or been abandoned.

extension PoolRuntime {
  /// Handles the end of a worker, all of whose output has been read.
  func finish(_ connection: WorkerConnection, _ incoming: inout Incoming, _ end: WorkerEnd) {
    let place = connection.place
    // A worker that cannot be killed may complete the items that it has claimed, but never gets the
    // others.
    let claimed =
      connection.process == nil
      ? StatusPage.Progress(position: connection.page.takeBack().position, phase: .idle) : nil
    let unwritten = unwrittenResults(of: connection)
    var end = end
    end.lastAct = connection.page.lastAct
    end.violation = incoming.violation
    if end.end == .signalled(SIGKILL) || end.end == .unknown && connection.process != nil {
      end.exhaustedMemory = memoryKills.claim()
    }
    change { state, effects in
      guard let worker = state.workers[connection] else { return }
      let now = MonotonicClock.now()
      connection.page.note(process: nil)
      // Together with its end, because the scheduler would send more chunks to a worker with
      // nothing left to do.
      if incoming.hasCompletedHandshake, let unwritten {
        take(unwritten, of: connection, cut: incoming.cut, &state, &effects)
      }
      state.ledger.noteEnd(of: worker, now: now)
      state.workers[place] = nil
      state.keptTasks.vacate(place)
      guard incoming.hasCompletedHandshake else {
        let failure = WorkerStartFailure(of: connection, incoming, end)
        return state.scheduler.failedToStart(place, failure, now: Instant(now))
      }
      end.condemnation = end.condemnation ?? worker.condemnation
      let loss = WorkerLoss(
        worker: worker.worker, pid: connection.pid, end: end.end,
        cause: LikelyCause(of: end, limits: settings.limits), peakMemory: end.peakMemory,
        standardError: end.standardError)
      if state.scheduler.isLoss(place) { state.ledger.noteLoss(of: worker) }
      state.scheduler.lost(place, progress: claimed ?? worker.progress, loss: loss, now: Instant(now))
    }
  }

  /// Records that the pool has stopped and that the output of its workers was relayed as far as
  /// possible.
  func noteEnd() {
    let joiners = state.withLock { state in
      state.hasEnded = true
      return state.waiters.takeJoiners()
    }
    for joiner in joiners { joiner.resume() }
  }
}

extension WorkerStartFailure {
  /// The failure of a worker that ended before it completed the handshake.
  init(of connection: WorkerConnection, _ incoming: Incoming, _ end: WorkerEnd) {
    if let failure = incoming.startFailure {
      self.init(failure.message, standardError: end.standardError, isShortage: failure.isShortage)
    } else {
      self.init(pid: connection.pid, endedWith: end.end, standardError: end.standardError)
    }
  }

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
      if case .exited(let status) = end { status != WorkerMark.cannotServe && !isShortage } else { false }
    let advice = isProgramsOwn ? "; " + RuntimeLoop.serveAdvice : ""
    self.init(
      "the program (pid \(pid)) ended with \(end) before it completed the handshake\(advice)",
      standardError: standardError, isShortage: isShortage)
  }
}

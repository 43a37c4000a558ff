import ProcPoolSystem

// The timers: when each is due, and its action.

extension RuntimeLoop {
  /// The time limit of the handshake, far more than it takes on a loaded machine. Nanoseconds.
  fileprivate static let handshakeTimeLimit: Int64 = 30_000_000_000
  /// How long a worker may live after it has closed its results; a process that ends takes less.
  /// Nanoseconds.
  private static let closingTime: Int64 = 500_000_000
  /// The interval of measuring the memory of busy workers, which takes some microseconds per
  /// worker. Nanoseconds.
  fileprivate static let memoryInterval: Int64 = 100_000_000

  /// Sets the timers.
  ///
  /// - Returns: the nanoseconds until the first of them is due; negative for never; `nil` when the
  ///   pool has stopped.
  mutating func waitingTime() -> Int64? {
    let now = MonotonicClock.now()
    let late = Set(standings.filter(\.value.isLate).keys)
    let measuresMemory = runtime.settings.maximumWorkerMemory != nil
    let (isStopped, needsPeek) = runtime.state.withLock { state in
      if state.isStopped { return (true, false) }
      let needsPeek = state.clockwork.needsPeek
      deadlines.set(from: &state, now: now, measuresMemory: measuresMemory, late: late)
      return (false, needsPeek)
    }
    if isStopped { return nil }
    if needsPeek {
      peekInterval = Self.shortestPeek
      deadlines.advance(.peek, to: now + peekInterval)
    }
    deadlines[.trim] = runtime.lanes.compactMap(\.nextTrim).min() ?? .max
    deadlines[.output] = relay.nextTime
    deadlines[.closings] = standings.values.compactMap(\.closed).min().map { $0 + Self.closingTime } ?? .max
    deadlines[.launches] = runtime.launcher.withLock { $0?.deadline } ?? .max
    deadlines[.ends] = nextEnd
    let next = deadlines.earliest
    // A thread that sends chunks from now on wakes this one if it would sleep for too long.
    let isLate = runtime.state.withLock { state in
      state.clockwork.wakeTime = next
      return state.clockwork.needsLook || !state.clockwork.abandoned.isEmpty
    }
    return isLate ? 0 : next == .max ? -1 : max(0, next - now)
  }

  mutating func perform(_ timer: Timer, now: Int64) {
    switch timer {
    case .peek: peek(now: now)
    case .flush:
      for worker in runtime.state.withLock({ $0.workers.all.map(\.connection) }) { runtime.flush(worker) }
    case .check: check(now: now)
    case .lives: checkLives()
    case .memory: checkMemory(now: now)
    case .rests: endRests(now: now)
    case .handshakes: killSilent(now: now)
    case .closings: killClosed(now: now)
    case .ends: abandonUnkillable(now: now)
    case .launches: abandonLaunches(now: now)
    case .trim: for lane in runtime.lanes { lane.trim(now: now) }
    // Handled by `noteTime`, which follows every event.
    case .output: break
    }
  }

  private mutating func peek(now: Int64) {
    guard runtime.fetchResults() else { return }
    peekInterval = min(peekInterval * 2, Self.longestPeek)
    deadlines[.peek] = now + peekInterval
  }

  private func check(now: Int64) {
    if runtime.state.withLock({ $0.scheduler.isDeadlineOver(now: Instant(now)) }) { runtime.fetchResults() }
    runtime.change { state, _ in
      let workers = state.workers
      state.scheduler.checkClock(now: Instant(now)) { place in
        guard let worker = workers[place] else { return WorkerSnapshot(written: 0) }
        return WorkerSnapshot(progress: worker.progress, written: worker.outgoing.written)
      }
    }
  }

  private func endRests(now: Int64) {
    runtime.change { state, _ in
      for rest in state.clockwork.rests where now >= rest.until { state.scheduler.rested(rest.place) }
      state.clockwork.rests.removeAll { now >= $0.until }
    }
  }

  /// Kills workers that have not completed the handshake in time.
  private mutating func killSilent(now: Int64) {
    let late = runtime.state.withLock { state in
      state.workers.all.map(\.connection).filter {
        state.scheduler.isLaunching($0.place) && now - $0.started >= Self.handshakeTimeLimit
      }
    }
    for worker in late {
      let failure = WorkerStartFailure(
        "worker \(worker.place.index) (pid \(worker.pid)) did not complete the handshake within "
          + "\(Self.handshakeTimeLimit / 1_000_000_000) s; " + Self.serveAdvice)
      worker.incoming.withLock { $0.startFailure = $0.startFailure ?? failure }
      standings[worker.generation, default: Standing(connection: worker)].isLate = true
      runtime.expel(worker)
    }
  }

  private mutating func killClosed(now: Int64) {
    for (generation, standing) in standings {
      guard let closed = standing.closed, now >= closed + Self.closingTime else { continue }
      kill(standing.connection, because: "it closed its results and continued to run")
      standings[generation]!.closed = nil
    }
  }

  /// Kills a worker because of a violation.
  private func kill(_ worker: WorkerConnection, because violation: String) {
    worker.incoming.withLock { $0.violation = $0.violation ?? violation }
    runtime.expel(worker)
  }

  /// Kills half-dead workers, which are dying but do not end. A process with much memory appears
  /// half dead for a while, so this requires two checks.
  private mutating func checkLives() {
    for worker in runtime.busyWorkers() {
      guard let process = worker.process else { continue }
      let isHalfDead = process.isHalfDead
      if isHalfDead, standings[worker.generation]?.wasHalfDead == true {
        kill(worker, because: "it was dying, but its threads prevented its end")
      }
      if isHalfDead || standings[worker.generation] != nil {
        standings[worker.generation, default: Standing(connection: worker)].wasHalfDead = isHalfDead
      }
    }
  }

  /// Reports workers that exceed their memory limit to the scheduler, which recycles them.
  private func checkMemory(now: Int64) {
    guard let limit = runtime.settings.maximumWorkerMemory else { return }
    let ready = runtime.state.withLock { state in
      state.workers.all.map(\.connection).filter { state.scheduler.isReady($0.place) }
    }
    let large = ready.filter { ProcessMemory.privateBytes(of: $0.pid) ?? 0 > limit }
    if large.isEmpty { return }
    runtime.change { state, _ in
      for worker in large where state.workers[worker] != nil {
        state.scheduler.exceededMemory(worker.place, now: Instant(now))
      }
    }
  }

  static let serveAdvice =
    "let its main type conform to PoolProgram, or call `serveIfWorker()` as the first line of its main"
}

extension Deadlines {
  /// Sets the timers that depend on the pool's state.
  ///
  /// - Parameters:
  ///   - measuresMemory: whether the memory of busy workers is measured.
  ///   - late: the generations of workers that were killed because of their missing handshake.
  fileprivate mutating func set(
    from state: inout PoolState, now: Int64, measuresMemory: Bool, late: Set<UInt32>
  ) {
    if let patience = state.scheduler.patience(now: Instant(now)) {
      advance(.check, to: now.addingSaturating(patience.count))
    } else {
      self[.check] = .max
    }
    self[.rests] = state.clockwork.rests.map(\.until).min() ?? .max
    let isBusy = state.scheduler.busyPlaces > 0
    if isBusy { advance(.lives, to: now + RuntimeLoop.lifeInterval) } else { self[.lives] = .max }
    if isBusy, measuresMemory { advance(.memory, to: now + RuntimeLoop.memoryInterval) }
    if state.clockwork.needsFlush { advance(.flush, to: now + RuntimeLoop.shortestPeek) }
    state.clockwork.needsPeek = false
    state.clockwork.needsFlush = false
    state.clockwork.needsWatch = false
    let silent = state.workers.all.map(\.connection).filter {
      state.scheduler.isLaunching($0.place) && !late.contains($0.generation)
    }
    self[.handshakes] = silent.map { $0.started + RuntimeLoop.handshakeTimeLimit }.min() ?? .max
  }
}

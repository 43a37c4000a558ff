import ProcPoolSystem
import ProcPoolWorker

// What is left of a worker: the programs that its tasks have started, its status where others took it, and itself
// where it does not end.

extension RuntimeLoop {
  /// How long a worker may take to end after it was killed. A process that has much memory to give back takes a second
  /// or two on a loaded machine; what takes longer waits for a device, a debugger or a frozen control group, and may
  /// never come. Nanoseconds.
  static let endingTime: Int64 = 5_000_000_000

  /// How long it may take before it is looked whether this process itself keeps it: as the tracer of one of its threads,
  /// which has asked for that.
  static let releaseTime: Int64 = 100_000_000

  /// Ends what a worker's tasks have started, once the worker has ended.
  func endOffspring(of link: WorkerLink) {
    switch link.process {
    case .none: return
    case .some(let process):
      process.killGroup(pid: link.pid)
      if let (mark, session) = link.offspring { Offspring.kill(of: link.pid, mark: mark, session: session) }
    }
  }

  /// Gives up those workers that were killed and have not ended: their items end, their places are filled, and the
  /// pool's end does not wait for them.
  mutating func giveUpThoseThatDoNotEnd(now: Int64) {
    for link in runtime.dying.withLock({ $0 })
    where !link.isReleased && now >= link.killed.load(ordering: .relaxed) + Self.releaseTime {
      link.isReleased = true
      if link.process != nil { ProcessState.releaseThreads(ofTraced: link.pid) }
    }
    let links = runtime.dying.withLock { dying in
      dying.filter { now >= $0.killed.load(ordering: .relaxed) + Self.endingTime }
    }
    for link in links { runtime.receiving.withLock { _ in giveUp(link) } }
  }

  /// Launches that do not come back fail their places.
  func giveUpLaunches(now: Int64) {
    guard let (requests, failure) = runtime.launcher.withLock({ $0?.giveUp(now: now) }), !requests.isEmpty
    else {
      return
    }
    runtime.change { state, _ in
      for request in requests { state.scheduler.failedToStart(request.place, failure, now: now) }
    }
  }

  private mutating func giveUp(_ link: WorkerLink) {
    link.condemnation = .notEnded(ProcessState.describe(link.pid))
    endOffspring(of: link)
    runtime.abandonMemory(of: link)
    // With the pipes closed it ends by itself, should it be let go on.
    finish(link, .unknown)
  }
}

extension PoolRuntime {
  /// Gives to nobody else what a worker that has not ended might still write to.
  fileprivate func abandonMemory(of link: WorkerLink) {
    let payloads = state.withLock { state in state.scheduler.places[link.place].queue.map(\.payload) }
    leftBehind.withLock { $0 += payloads }
    launcher.withLock { $0?.abandonPage(of: link.place) }
  }
}

extension WorkerLink {
  /// How the process ended, by Foundation's word, which took the status before the pool could.
  ///
  /// Foundation says "exit status 0" also of a process whose status somebody else has taken, so that this counts only
  /// where the worker has said the same.
  var endByFoundation: ProcessEnd {
    let end = foundationStatus?() ?? .unknown
    return end == .exited(status: 0) && page.lastAct != .exited(status: 0) ? .unknown : end
  }
}

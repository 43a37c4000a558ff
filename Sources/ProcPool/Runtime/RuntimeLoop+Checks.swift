import ProcPoolSystem

/// What is looked at now and then, because nobody tells of it.
extension RuntimeLoop {
  /// Kills a worker for what it is or is not doing.
  func kill(_ link: WorkerLink, because violation: String) {
    // Whoever reads what it has written may find something, too.
    runtime.receiving.withLock { _ in link.violation = link.violation ?? violation }
    runtime.kill(link)
  }

  /// Kills those that are dying and do not come to that. One that has much memory to give back looks so for a
  /// while: what counts is the second look.
  func checkLives() {
    for link in runtime.busyLinks() {
      let isHalfDead = link.isHalfDead
      if isHalfDead, link.wasHalfDead {
        kill(link, because: "it was dying, and its threads kept it from that")
      }
      link.wasHalfDead = isHalfDead
    }
  }

  /// Has those workers replaced that use more memory of their own than they may.
  func checkMemory(now: Int64) {
    guard let limit = runtime.settings.maximumWorkerMemory else { return }
    let links = runtime.state.withLock { state in
      state.links.filter { $0 != nil && state.scheduler.places[$0!.place].state == .ready }
    }
    let large = links.filter { ProcessMemory.ofItsOwn($0!.pid) ?? 0 > limit }
    if large.isEmpty { return }
    runtime.change { state, _ in
      for case let link? in large where state.links[link.place] === link {
        state.scheduler.exceededMemory(link.place, now: now)
      }
    }
  }
}

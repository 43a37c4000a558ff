import ProcPoolProtocol
import ProcPoolSystem

// Workers that have ended, and those that do not end: the programs that their tasks have started, and their status if
// another part of the program took it.

extension RuntimeLoop {
  /// How long a worker may take to end after it was killed. A process that has much memory to give back takes a second
  /// or two on a loaded machine; what takes longer waits for a device, a debugger or a frozen control group, and may
  /// never come. Nanoseconds.
  static let endingTime: Int64 = 5_000_000_000

  /// How long it may take before this process checks whether it delays that end itself: as the tracer of one of the
  /// worker's threads, which has asked for that. Nanoseconds.
  private static let releaseTime: Int64 = 100_000_000

  /// A worker has ended: takes what it wrote, its status, and itself out of the pool.
  mutating func end(_ worker: WorkerConnection, _ incoming: inout Incoming) {
    var end = WorkerEnd()
    if let process = worker.process {
      guard let (status, peak) = process.reap() else { return }
      end.peakMemory = peak
      end.end = status == .unknown ? worker.endByFoundation : status
      process.endOffspring()
    }
    finish(worker, &incoming, end)
  }

  /// Takes what a worker wrote, and itself out of the pool.
  private mutating func finish(_ worker: WorkerConnection, _ incoming: inout Incoming, _ end: WorkerEnd) {
    runtime.dying.withLock { $0.removeAll { $0 === worker } }
    standings[worker.generation] = nil
    worker.forgetProcess(of: runtime.poller)
    while incoming.isOpen, runtime.readOnce(worker, &incoming) == .more {}
    if incoming.isOpen { runtime.poller.remove(worker.results) }
    runtime.poller.remove(worker.tasks)
    var end = end
    end.standardError = relay.drain(worker)
    runtime.finish(worker, &incoming, end)
  }

  // MARK: - Those that do not end

  /// When the next worker that was killed has had its time.
  var nextEnd: Int64 {
    runtime.dying.withLock { $0 }.map { worker in
      let isReleased = standings[worker.generation]?.isReleased == true
      return (worker.process?.killTime ?? 0) + (isReleased ? Self.endingTime : Self.releaseTime)
    }.min() ?? .max
  }

  /// Gives up workers that were killed and have not ended: their items end, their places are filled, and the
  /// pool's end does not wait for them.
  mutating func giveUpThoseThatDoNotEnd(now: Int64) {
    for worker in runtime.dying.withLock({ $0 }) {
      guard let process = worker.process else { continue }
      let standing = standings[worker.generation, default: Standing(connection: worker)]
      if now >= process.killTime + Self.releaseTime, !standing.isReleased {
        standings[worker.generation] = standing
        standings[worker.generation]!.isReleased = true
        ProcessState.releaseThreads(ofTraced: worker.pid)
      }
      if now >= process.killTime + Self.endingTime { worker.incoming.withLock { giveUp(worker, &$0) } }
    }
  }

  private mutating func giveUp(_ worker: WorkerConnection, _ incoming: inout Incoming) {
    worker.process?.endOffspring()
    runtime.abandonMemory(of: worker)
    // With its pipes closed it ends by itself, should it be let continue.
    finish(
      worker, &incoming, WorkerEnd(condemnation: .notEnded(ProcessState.describe(worker.pid))))
  }

  /// Fails the places of launches that do not return.
  func giveUpLaunches(now: Int64) {
    guard let (requests, failure) = runtime.launcher.withLock({ $0?.giveUp(now: now) }), !requests.isEmpty
    else {
      return
    }
    runtime.change { state, _ in
      for request in requests { state.scheduler.failedToStart(request.place, failure, now: Instant(now)) }
    }
  }
}

extension PoolRuntime {
  /// Gives to no other worker what one that has not ended might still write to.
  fileprivate func abandonMemory(of worker: WorkerConnection) {
    let payloads = state.withLock { state in state.scheduler.chunks(at: worker.place).map(\.payload) }
    leftBehind.withLock { $0 += payloads }
    launcher.withLock { $0?.abandonPage(of: worker.place) }
  }
}

extension WorkerConnection {
  /// How the process ended according to Foundation, which took the status before the pool could.
  ///
  /// Foundation also says "exit status 0" of a process whose status another part of the program has taken, so that this
  /// counts only if the worker has said the same.
  fileprivate var endByFoundation: ProcessEnd {
    let end = process?.foundationStatus() ?? .unknown
    return end == .exited(status: 0) && page.lastAct != .exited(status: 0) ? .unknown : end
  }
}

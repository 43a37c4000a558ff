import ProcPoolSystem

// Workers that were killed and do not end, and launches that do not return.

extension RuntimeLoop {
  /// How long a worker may take to end after it was killed, in nanoseconds. A process with much
  /// memory takes a second or two on a loaded machine. A process that takes longer waits for a
  /// device, a debugger or a frozen control group, possibly for ever.
  static let endingTime: Int64 = 5_000_000_000

  /// The time after which this process checks whether it delays that end itself, as the tracer of a
  /// thread of the worker that has requested tracing. In nanoseconds.
  private static let releaseTime: Int64 = 100_000_000

  /// When the next killed worker exceeds its time to end.
  var nextEnd: Int64 {
    runtime.dying.withLock { $0 }.map { worker in
      let isReleased = standings[worker.generation]?.isReleased == true
      return (worker.process?.killTime ?? 0) + (isReleased ? Self.endingTime : Self.releaseTime)
    }.min() ?? .max
  }

  /// Abandons workers that were killed and have not ended: their items fail, their places are
  /// filled again, and the pool's end does not wait for them.
  mutating func abandonUnkillable(now: Int64) {
    for worker in runtime.dying.withLock({ $0 }) {
      guard let process = worker.process else { continue }
      let standing = standings[worker.generation, default: Standing(connection: worker)]
      if now >= process.killTime + Self.releaseTime, !standing.isReleased {
        standings[worker.generation] = standing
        standings[worker.generation]!.isReleased = true
        ProcessState.releaseThreads(ofTraced: worker.pid)
      }
      if now >= process.killTime + Self.endingTime { worker.incoming.withLock { abandon(worker, &$0) } }
    }
  }

  private mutating func abandon(_ worker: WorkerConnection, _ incoming: inout Incoming) {
    worker.process?.endOffspring()
    runtime.abandonMemory(of: worker)
    // With its pipes closed, it ends by itself should it ever continue.
    finish(
      worker, &incoming, WorkerEnd(condemnation: .notEnded(ProcessState.describe(worker.pid))))
  }

  /// Abandons launches that do not return: their places count as failed to start.
  func abandonLaunches(now: Int64) {
    guard let (requests, failure) = runtime.launcher.withLock({ $0?.abandonOverdue(now: now) }),
      !requests.isEmpty
    else {
      return
    }
    runtime.change { state, _ in
      for request in requests { state.scheduler.failedToStart(request.place, failure, now: Instant(now)) }
    }
  }
}

extension PoolRuntime {
  /// Reserves the memory that an abandoned worker might still write to.
  fileprivate func abandonMemory(of worker: WorkerConnection) {
    let payloads = state.withLock { state in state.scheduler.chunks(at: worker.place).map(\.payload) }
    leftBehind.withLock { $0 += payloads }
    launcher.withLock { $0?.abandonPage(of: worker.place) }
  }
}

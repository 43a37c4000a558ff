import ProcPoolSystem

// Workers that have ended: their status, which other code may have taken, and the programs that their tasks have
// started.

extension RuntimeLoop {
  /// Handles the end of a worker: reads its output, takes its status, and removes it from the pool.
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

  /// Reads the output of a worker, and removes it from the pool.
  mutating func finish(_ worker: WorkerConnection, _ incoming: inout Incoming, _ end: WorkerEnd) {
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
}

extension WorkerConnection {
  /// The end of the process according to Foundation, which took the status before the pool could.
  ///
  /// Foundation also reports exit status 0 for a process whose status other code has taken, so this
  /// counts only if the worker has noted the same.
  fileprivate var endByFoundation: ProcessEnd {
    let end = process?.foundationStatus() ?? .unknown
    return end == .exited(status: 0) && page.lastAct != .exited(status: 0) ? .unknown : end
  }
}

// What is written to workers' pipes.

extension PoolRuntime {
  /// Writes the contents of a worker's outbox until the pipe is full. Any thread may, but only one
  /// at a time does.
  ///
  /// - Parameter afterWaiting: whether the poller has found room in a pipe that was full.
  func flush(_ connection: WorkerConnection, afterWaiting: Bool = false) {
    while true {
      var pieces = state.withLock { $0.workers.takeFrames(for: connection, afterWaiting: afterWaiting) }
      if pieces.isEmpty { return }
      // Failures other than a full pipe mean a broken descriptor; the worker's end will show soon
      // enough.
      let written = times.measure(.writing) { (try? Outbox.write(&pieces, to: connection.tasks)) ?? 0 }
      times.count(copied: written)
      let rest = pieces
      let isDone = state.withLock { state in
        state.ledger.statistics.bytesSent += UInt64(written)
        guard let change = state.workers.noteWritten(written, rest, to: connection) else { return true }
        if change.awaitsRoom != change.awaitedRoom {
          connection.watchTasks(for: change.awaitsRoom ? .writable : [], with: poller)
        }
        return change.awaitsRoom || change.isEmpty
      }
      if isDone { return }
    }
  }
}

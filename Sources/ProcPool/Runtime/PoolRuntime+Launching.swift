import ProcPoolSystem

// The results of launches, on the launcher's thread.

extension PoolRuntime {
  func launched(_ request: Launcher.Request, _ result: Result<LaunchedWorker, WorkerStartFailure>) {
    switch result {
    case .success(let worker): take(worker)
    case .failure(let failure): failedToStart(request.place, failure)
    }
  }

  private func take(_ worker: LaunchedWorker) {
    let connection = worker.connection
    // Before the worker is added to the pool, which must not wait for a worker that cannot be
    // watched.
    do throws(SystemError) {
      try connection.watch(with: poller)
    } catch {
      return discard(
        connection,
        WorkerStartFailure(
          "worker \(connection.place.index) (pid \(connection.pid)) cannot be watched: \(error)"))
    }
    let isWanted = change { state, effects in
      guard state.scheduler.isLaunching(connection.place) else { return false }
      let entry = WorkerEntry(connection)
      entry.outgoing.outbox.append(worker.hello)
      state.workers[connection.place] = entry
      effects.flush(connection)
      effects.wakesRuntime = true
      return true
    }
    // Otherwise the pool was terminated during the launch.
    if !isWanted { discard(connection, WorkerStartFailure("terminated")) }
  }

  /// Ends a worker that was not added to the pool.
  private func discard(_ connection: WorkerConnection, _ failure: WorkerStartFailure) {
    connection.page.note(process: nil)
    poller.remove(connection.tasks)
    poller.remove(connection.results)
    connection.forgetProcess(of: poller)
    connection.forgetErrors(of: poller)
    connection.process?.killAndReap(milliseconds: Int32(RuntimeLoop.endingTime / 1_000_000))
    failedToStart(connection.place, failure)
  }

  private func failedToStart(_ place: PlaceID, _ failure: WorkerStartFailure) {
    change { state, _ in state.scheduler.failedToStart(place, failure, now: .now()) }
  }
}

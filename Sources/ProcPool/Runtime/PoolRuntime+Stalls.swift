import ProcPoolSystem
import ProcPoolWorker

extension PoolRuntime {
  /// Announces a long-running item with the stack of its worker. This uses a separate thread,
  /// because stopping the worker and looking up names take a while.
  func announce(_ event: PoolEvent.Kind, withStackOf connection: WorkerConnection) {
    guard case .itemStalled(let item, let worker, let elapsed, _) = event else { return }
    @Sendable func announce(_ frames: [StackWalk.Frame]) {
      let listeners = state.withLock { $0.events.all }
      PoolEvent(.itemStalled(item, worker, elapsed: elapsed, stack: frames.map(StackFrame.init)))
        .announce(to: listeners)
    }
    do throws(SystemError) {
      try SystemThread.start(name: "procpool-stack", stack: 1 << 20, blocksSignals: true) {
        announce(
          StackWalk.frames(ofThread: WorkerThread.processThreadName, process: connection.pid) {
            // The stack is walked only for a worker with its own process.
            connection.process?.descriptor.isRunning ?? false
          })
      }
    } catch {
      announce([])
    }
  }
}

import ProcPoolSystem
import ProcPoolWorker

extension PoolRuntime {
  /// Announces an item that runs for long, with the stack of its worker. On a thread of its own, because the
  /// worker may take a while to stand still, and names take a while to be found.
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
            // The stack of a worker without a process of its own is not walked.
            connection.process?.descriptor.isRunning ?? false
          })
      }
    } catch {
      announce([])
    }
  }
}

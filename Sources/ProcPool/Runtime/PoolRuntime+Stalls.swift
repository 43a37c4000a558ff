import ProcPoolWorker
import ProcPoolSystem

extension PoolRuntime {
  /// Tells of an item that runs for long, with what its worker is doing. On a thread of its own, because the
  /// worker may take a while to stand still, and names take a while to be found.
  func tell(_ event: PoolEvent, lookingAt link: WorkerLink) {
    guard case .itemStalled(let item, let worker, let elapsed, _) = event else { return }
    @Sendable func tell(_ frames: [StackWalk.Frame]) {
      let observers = state.withLock { Array($0.observers.values) }
      let event = PoolEvent.itemStalled(item, worker, elapsed: elapsed, stack: frames.map(StackFrame.init))
      for observer in observers { observer.yield(event) }
    }
    do throws(SystemError) {
      try SystemThread.start(name: "procpool-stack", stack: 1 << 20, blocksSignals: true) {
        tell(
          StackWalk.frames(ofThread: WorkerThread.processThreadName, process: link.pid) {
            // A worker that is a thread of this process has no process of its own.
            switch link.process {
            case .some(let process): process.isRunning
            case .none: false
            }
          })
      }
    } catch {
      tell([])
    }
  }
}

import ProcPoolSystem
import Synchronization

/// Runs the asynchronous code of a worker on the thread that calls `run`.
///
/// It is a task executor rather than the executor of an actor, so nonisolated `async` functions
/// stay on it: neither the loop nor the `run` of an item changes threads.
final class ServeExecutor: TaskExecutor {
  private struct State: ~Copyable {
    var jobs: [UnownedJob] = []
    var isStopped = false
    var isSleeping = false
  }

  private let state = Mutex(State())
  private let wakeUp: SharedWakeUp

  /// - Parameter wakeUp: the futex on which the idle thread sleeps. It is on the status page, so
  ///   that the coordinator can also wake the thread.
  init(wakeUp: SharedWakeUp) {
    self.wakeUp = wakeUp
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let wasSleeping = state.withLock { state in
      state.jobs.append(job)
      return state.isSleeping
    }
    if wasSleeping { wakeUp.signal() }
  }

  /// Makes `run` return when no job is left. Called by a job.
  func stop() {
    state.withLock { $0.isStopped = true }
  }

  /// Runs jobs as they arrive, until `stop` is called.
  ///
  /// - Parameter look: called before the thread sleeps, and between jobs.
  func run(_ look: () -> Void) {
    while true {
      let seen = wakeUp.count
      look()
      let (jobs, isStopped) = state.withLock { state in
        defer {
          state.isSleeping = state.jobs.isEmpty && !state.isStopped
          state.jobs = []
        }
        return (state.jobs, state.isStopped)
      }
      for job in jobs {
        job.runSynchronously(on: asUnownedTaskExecutor())
        look()
      }
      if jobs.isEmpty {
        if isStopped { return }
        // A forked copy has none of the threads that would wake it up.
        ForkedCopy.endIfCopy()
        wakeUp.wait(since: seen)
      }
    }
  }
}

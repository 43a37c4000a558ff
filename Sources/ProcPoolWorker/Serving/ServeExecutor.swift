import ProcPoolSystem
import Synchronization

/// Runs a worker's asynchronous code on the one thread that calls `run`.
///
/// A task executor rather than an actor's: a nonisolated `async` function stays where it was called, so that
/// neither the loop nor an item's `run` ever changes threads.
final class ServeExecutor: TaskExecutor {
  private struct State: ~Copyable {
    var jobs: [UnownedJob] = []
    var isStopped = false
    var isSleeping = false
  }

  private let state = Mutex(State())
  private let wakeUp: SharedWakeUp

  /// - Parameter wakeUp: what the thread sleeps on while there is nothing to run. On the status page, so that
  ///   the coordinator can wake it too.
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

  /// Makes `run` return when it has run what it was given. Called by a job.
  func stop() {
    state.withLock { $0.isStopped = true }
  }

  /// Runs jobs as they come, until `stop` is called.
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
        // A copy has none of the threads that would wake it up.
        ForkedCopy.endIfCopy()
        wakeUp.wait(since: seen)
      }
    }
  }
}

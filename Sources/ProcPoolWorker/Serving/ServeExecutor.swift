import Dispatch
import Synchronization

/// Runs a worker's asynchronous code on the one thread that calls `run`.
///
/// A task executor rather than an actor's: a nonisolated `async` function stays where it was called, so that
/// neither the loop nor an item's `run` ever changes threads.
final class ServeExecutor: TaskExecutor {
  private struct State: ~Copyable {
    var jobs: [UnownedJob] = []
    var isStopped = false
  }

  private let state = Mutex(State())
  private let wakeUp = DispatchSemaphore(value: 0)

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    state.withLock { $0.jobs.append(job) }
    wakeUp.signal()
  }

  /// Makes `run` return when it has run what it was given.
  func stop() {
    state.withLock { $0.isStopped = true }
    wakeUp.signal()
  }

  /// Runs jobs as they come, until `stop` is called.
  func run() {
    while true {
      let (jobs, isStopped) = state.withLock { state in
        let jobs = state.jobs
        state.jobs = []
        return (jobs, state.isStopped)
      }
      for job in jobs { job.runSynchronously(on: asUnownedTaskExecutor()) }
      if jobs.isEmpty {
        if isStopped { return }
        wakeUp.wait()
      }
    }
  }
}

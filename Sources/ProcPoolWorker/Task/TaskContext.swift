/// Where a task is running: for messages, file names and everything else that wants to tell items or workers
/// apart.
///
///     func run(_ path: String) throws -> Int {
///       log("\(TaskContext.current!.worker) reads \(path)")
///       …
///     }
public struct TaskContext: Sendable {
  @TaskLocal static var session: WorkerSession?

  private let session: WorkerSession

  /// The context of the task that is running here; `nil` outside a worker, and in detached tasks.
  public static var current: TaskContext? { session.map(TaskContext.init) }

  /// The worker that runs the task.
  public var worker: WorkerID { session.worker }

  /// The item that is running.
  public var item: TaskID { session.runningItem }

  /// Which attempt at the item this is, from 1: more than that if a worker was lost with it before, and the
  /// call's `RetryPolicy` allows it. What an earlier attempt has done, to files for example, may be there.
  public var attempt: Int { session.attempt }

  /// Whether nobody wants the item's result any more: its call was cancelled, has failed, or its time is
  /// over. `false` outside a worker.
  ///
  ///     while !isGoodEnough, !TaskContext.isCancelled { improve() }
  ///
  /// For items that compute. One that awaits something is woken up: its Swift task is cancelled, too.
  /// Whatever the item then returns or throws goes unheard; if it does neither for a while, its worker is
  /// ended.
  ///
  /// - Complexity: O(1), some ten nanoseconds, without a message: two loads from shared memory.
  public static var isCancelled: Bool { session?.page.isCancelled ?? false }
}

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
}

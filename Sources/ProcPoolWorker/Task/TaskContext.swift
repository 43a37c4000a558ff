import ProcPoolProtocol

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
  public var item: ItemID { session.runningItem }

  /// Random numbers for this item, which follow from the pool's `seed`, the call's number and the item's and
  /// from nothing else: they are the same for any number of workers, in whichever the item runs, and in every
  /// attempt.
  ///
  ///     var random = TaskContext.current!.random
  ///     let angle = Double.random(in: 0..<360, using: &random)
  ///
  /// The sequence begins anew each time this is asked for: ask once in an item. Calls are numbered in the
  /// order in which they begin; of calls that begin at once, it is chance which comes first.
  public var random: TaskRandom {
    let item = item
    return TaskRandom(seed: session.seed, call: item.call, item: UInt64(item.index))
  }

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

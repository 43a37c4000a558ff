import ProcPoolProtocol
import ProcPoolSystem
import ProcPoolWorker

/// Something that happened in a pool, for logs and tests.
///
/// What becomes of items is told to their callers; here is what happens beside that.
public enum PoolEvent: Hashable, Sendable {
  /// A worker has greeted and can be given work: at the beginning, or in the place of another.
  case workerStarted(WorkerID, pid: Int32)
  /// A worker could not be started.
  case workerFailedToStart(WorkerID, WorkerStartFailure)
  /// A worker ended that should not have, with the item that it was running, if it was running one.
  case workerLost(WorkerLoss, item: ItemID?)
  /// A worker's process is replaced on purpose.
  case workerRecycled(WorkerID, RecyclingReason)
  /// An item whose worker was lost is begun once more: this is the number of the attempt that follows.
  case itemRetried(ItemID, attempt: Int)
  /// An item has been running for longer than the pool's ``StallNotice`` says. Nothing is done about it.
  case itemStalled(ItemID, WorkerID, elapsed: Duration, stack: [StackFrame])
  /// No worker is left, and none will be started: every call fails from now on.
  case failed(WorkerStartFailure)
}

/// What happens in a pool, from when it is asked for until the pool has ended.
///
///     Task { for await event in pool.events { log("\(event)") } }
///
/// Each iteration has a buffer of its own for 1024 events; who is slower than that loses the oldest. Keeping
/// it does not keep the pool.
public struct PoolEvents: AsyncSequence, Sendable {
  public typealias Element = PoolEvent
  public typealias Failure = Never
  typealias Continuation = AsyncStream<PoolEvent>.Continuation

  let stream: AsyncStream<PoolEvent>

  public func makeAsyncIterator() -> AsyncStream<PoolEvent>.Iterator { stream.makeAsyncIterator() }
}

extension PoolEvent: CustomStringConvertible {
  public var description: String {
    switch self {
    case .workerStarted(let worker, ProgramIdentity.pid): "\(worker) (a thread of this process) is ready"
    case .workerStarted(let worker, let pid): "\(worker) (pid \(pid)) is ready"
    case .workerFailedToStart(let worker, let failure):
      "\(worker) could not be started: \(failure.message.visible())"
    case .workerLost(let loss, let item?): "\(item) was running when \(loss)"
    case .workerLost(let loss, nil): "\(loss)"
    case .workerRecycled(let worker, let reason): "\(worker) is replaced because of its \(reason)"
    case .itemRetried(let item, let attempt): "\(item) is begun once more, as attempt \(attempt)"
    case .itemStalled(let item, let worker, let elapsed, let stack):
      stack.reduce("\(item) has been running for \(elapsed.rounded) in \(worker)") { "\($0)\n  in \($1)" }
    case .failed(let failure): "the pool has no workers left: \(failure.message.visible())"
    }
  }
}

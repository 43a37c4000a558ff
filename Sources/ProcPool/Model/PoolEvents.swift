import ProcPoolProtocol
import ProcPoolSystem
import ProcPoolWorker

/// An event in a pool, and its time, for logs and tests.
///
/// Results of items are not events: callers receive them.
public struct PoolEvent: Hashable, Sendable {
  /// The kinds of events.
  public enum Kind: Hashable, Sendable {
    /// A worker has started and can receive work, at the start of the pool or as a replacement.
    case workerStarted(WorkerID, pid: Int32)
    /// A worker could not be started.
    case workerFailedToStart(WorkerID, WorkerStartFailure)
    /// A worker ended unexpectedly. `item` is the item that it was running; `nil` if it was idle.
    case workerLost(WorkerLoss, item: ItemID?)
    /// A worker process is being replaced because of the ``RecyclingPolicy``.
    case workerRecycled(WorkerID, RecyclingReason)
    /// Another attempt at an item whose worker was lost, or whose task threw, starts at once or
    /// after a pause: see ``RetryPolicy`` and ``Backoff``. The number is that of the new attempt.
    case itemRetried(ItemID, attempt: Int)
    /// An item has been running for longer than the pool's ``StallNotice`` specifies. No other
    /// action is taken.
    case itemStalled(ItemID, WorkerID, elapsed: Duration, stack: [StackFrame])
    /// No worker is left, and none will be started: every call fails from now on.
    case failed(WorkerStartFailure)
  }

  /// The kind of the event.
  public let kind: Kind
  /// When the event was announced, as the time since the beginning of 1970 in UTC, by the system's
  /// clock, which can be set: `Date(timeIntervalSince1970: event.timeSince1970 / .seconds(1))`.
  public let timeSince1970: Duration

  init(_ kind: Kind) {
    self.kind = kind
    timeSince1970 = .nanoseconds(WallClock.now())
  }
}

/// The events of a pool, from the creation of the sequence until the pool has ended.
///
///     Task { for await event in pool.events { log("\(event)") } }
///
/// Each sequence has a buffer of 1024 events; when it is full, the oldest event is dropped. The
/// sequence does not keep the pool alive.
public struct PoolEvents: AsyncSequence, Sendable {
  /// An event of the pool.
  public typealias Element = PoolEvent
  /// Iterating the events does not throw.
  public typealias Failure = Never
  typealias Continuation = AsyncStream<PoolEvent>.Continuation

  let stream: AsyncStream<PoolEvent>

  /// Returns an iterator over the events that have not been consumed. Iterators of one sequence
  /// share its buffer.
  public func makeAsyncIterator() -> AsyncStream<PoolEvent>.Iterator { stream.makeAsyncIterator() }
}

extension PoolEvent: CustomStringConvertible {
  /// The event as a line for a log; a stack takes a line per frame.
  public var description: String { kind.description }
}

extension PoolEvent.Kind: CustomStringConvertible {
  /// The kind as a line for a log; a stack takes a line per frame.
  public var description: String {
    switch self {
    case .workerStarted(let worker, ProgramIdentity.pid): "\(worker) (a thread of this process) is ready"
    case .workerStarted(let worker, let pid): "\(worker) (pid \(pid)) is ready"
    case .workerFailedToStart(let worker, let failure):
      "\(worker) could not be started: \(failure.message.visible())"
    case .workerLost(let loss, let item?): "\(item) was running when \(loss)"
    case .workerLost(let loss, nil): "\(loss)"
    case .workerRecycled(let worker, let reason): "\(worker) is replaced because of its \(reason)"
    case .itemRetried(let item, let attempt): "\(item) is started again, as attempt \(attempt)"
    case .itemStalled(let item, let worker, let elapsed, let stack):
      stack.reduce("\(item) has been running for \(elapsed.rounded) in \(worker)") { "\($0)\n  in \($1)" }
    case .failed(let failure): "the pool has no workers left: \(failure.message.visible())"
    }
  }
}

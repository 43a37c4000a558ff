/// Where a call of several items stands, or stood when it was over, and what it has cost.
///
///     for call in pool.callStatistics where !call.isOver {
///       print("\(call.task): \(call.itemsFinished) done, \(call.itemsWaiting) wait")
///     }
///
/// What is counted once for each chunk; it costs a call two readings of ``Pool/statistics``.
public struct CallStatistics: Sendable, Hashable {
  /// The number of the call, as in ``ItemID``.
  public let call: UInt32
  /// The type of its task.
  public let task: String
  /// How many items its caller wanted in a chunk, if he said so; 1 for `broadcast`.
  public let chunkSize: Int?
  /// Whether it is over: it has ended, its caller has left it, or its time was over.
  public let isOver: Bool
  /// For how long it has been going on, or went on.
  public let elapsed: Duration
  /// When it was over, by the monotonic clock.
  let ended: Int64
  /// These are the calls of one item, all together: no call has the number 0.
  var isOfSingles: Bool { call == 0 }

  /// Items that have ended, in whatever way. Of `mapReduce` an item is a part, as in what follows.
  public let itemsFinished: UInt64
  /// Of those, how many failed.
  public let itemsFailed: UInt64
  /// Items that wait in the coordinator until a worker has room for them.
  public let itemsWaiting: Int
  /// Items that have been given to workers and have not ended.
  public let itemsInWorkers: Int
  /// What an item takes a worker, estimated from the last ones; `nil` before any has ended.
  public let itemTime: Duration?

  /// Chunks that were given to workers. What was taken back and given to another counts twice.
  public let chunks: UInt64
  /// Bytes of those chunks, in pipes or in shared memory.
  public let bytesSent: UInt64
  /// Bytes of outputs, in pipes or in shared memory.
  public let bytesReceived: UInt64

  /// How long chunks waited for a worker, all together.
  public let queued: Duration
  /// For how long there was a chunk and no worker of the pool had been started.
  public let startUp: Duration
  /// For how long nothing waited for a worker because the caller had not made it yet: before the first chunk, and
  /// between others. Workers may have been busy meanwhile.
  public let starved: Duration
  /// How long ago a worker was given something for the last time.
  public let tail: Duration

  /// What the pool has spent since the call began: on other calls that went on at the same time, too.
  public let pool: PoolStatistics
}

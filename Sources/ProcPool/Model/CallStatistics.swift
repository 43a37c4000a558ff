import ProcPoolProtocol

/// The state and the cost of a call with several items, which is running or has completed.
///
///     for call in pool.callStatistics where !call.isOver {
///       print("\(call.task): \(call.itemsFinished) done, \(call.itemsWaiting) wait")
///     }
///
/// Counters are updated once per chunk. A call costs two readings of ``Pool/statistics`` for them.
public struct CallStatistics: Sendable, Hashable, Encodable {
  /// The number of the call, as in ``ItemID``.
  public let call: CallID
  /// The name of the task's type.
  public let task: String
  /// The chunk size that the caller specified; `nil` if it specified none, 1 for `broadcast`.
  public let chunkSize: Int?
  /// Whether the call is over: it has completed, it was cancelled, or it exceeded its deadline.
  public let isOver: Bool
  /// The time from the start of the call to its end, or to now.
  public let elapsed: Duration
  /// The end of the call, by the monotonic clock in nanoseconds.
  let ended: Int64
  /// Whether this is the sum of all single-item calls: no call has the number 0.
  var isOfSingles: Bool { call == 0 }

  /// The number of items that have ended, including those that failed. For `mapReduce`, items here
  /// and below are parts.
  public let itemsFinished: UInt64
  /// The number of items that have failed.
  public let itemsFailed: UInt64
  /// The number of items that wait in the coordinator for a worker.
  public let itemsWaiting: Int
  /// The number of items that have been sent to workers and have not ended.
  public let itemsInWorkers: Int
  /// The time that an item takes in a worker, estimated from recent ones; `nil` before the first
  /// has ended.
  public let itemTime: Duration?

  /// The number of chunks that were sent to workers. A chunk that was taken back and sent to
  /// another worker counts twice.
  public let chunks: UInt64
  /// The bytes of those chunks, in pipes or in shared memory.
  public let bytesSent: UInt64
  /// The bytes of outputs, in pipes or in shared memory.
  public let bytesReceived: UInt64

  /// The total time that chunks waited for a worker, summed over the chunks.
  public let queued: Duration
  /// The time during which a chunk waited because no worker of the pool had started yet.
  public let startUp: Duration
  /// The time during which no chunk waited because the caller had not produced the next one: before
  /// the first chunk and between chunks. Workers may have been busy in that time.
  public let starved: Duration
  /// The time since the last chunk was sent to a worker.
  public let tail: Duration

  /// The activity of the whole pool since the call started, including other calls that ran at the
  /// same time.
  public let pool: PoolStatistics

  /// Without `ended`, an instant that is meaningless in other processes.
  private enum CodingKeys: String, CodingKey {
    case call, task, chunkSize, isOver, elapsed, itemsFinished, itemsFailed, itemsWaiting, itemsInWorkers,
      itemTime
    case chunks, bytesSent, bytesReceived, queued, startUp, starved, tail, pool
  }
}

import ProcPoolProtocol
import ProcPoolWorker

/// The activity of a worker so far, over all processes that have served in its place, and its
/// current state.
public struct WorkerStatistics: Sendable, Hashable, Encodable {
  /// The worker.
  public let worker: WorkerID
  /// The process ID of the current process; `nil` while none has started to serve.
  public let pid: Int32?
  /// The running item; `nil` if the worker is idle or shares no memory with the coordinator.
  public let running: ItemID?
  /// The number of items that have been sent to the worker and have not ended.
  public let itemsHeld: Int
  /// The number of chunks that contain those items.
  public let chunksHeld: Int
  /// The number of items whose end the worker has reported.
  public let itemsFinished: UInt64
  /// The number of bytes written to the worker's pipe.
  public let bytesSent: UInt64
  /// The number of bytes read from the worker's pipe.
  public let bytesReceived: UInt64
  /// The number of bytes that the worker has copied, as in ``PoolStatistics/bytesCopied``.
  public let bytesCopied: UInt64
  /// The time of the worker, by activity.
  public let time: TimeSplit
  /// The number of times that another process has replaced the worker's process.
  public let restarts: Int
  /// The number of those replacements that followed an unexpected end.
  public let losses: Int
  /// The private memory of the process, in bytes; `nil` for a thread, or if the system does not
  /// report it.
  public internal(set) var memory: Int?
}

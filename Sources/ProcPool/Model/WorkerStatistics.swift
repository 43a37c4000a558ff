import ProcPoolProtocol
import ProcPoolWorker

/// What a worker of a pool has done so far, as one process or as several, one after the other, and what it is doing.
public struct WorkerStatistics: Sendable, Hashable {
  /// Which it is.
  public let worker: WorkerID
  /// The process that it is now; `nil` while none has taken up work.
  public let pid: Int32?
  /// What it is running; `nil` if it has nothing to do, or runs where no memory is shared with it.
  public let running: ItemID?
  /// Items that it has been given and that have not ended.
  public let itemsHeld: Int
  /// The chunks that those are in.
  public let chunksHeld: Int
  /// Items whose end it has reported.
  public let itemsFinished: UInt64
  /// Bytes that its pipe took.
  public let bytesSent: UInt64
  /// Bytes that came out of its pipe.
  public let bytesReceived: UInt64
  /// Bytes that it has copied, as in ``PoolStatistics/bytesCopied``.
  public let bytesCopied: UInt64
  /// Where its time went.
  public let time: TimeSplit
  /// How often another process took its place.
  public let restarts: Int
  /// How often that was because it had ended without having been told to.
  public let losses: Int
  /// Bytes in memory that are its own, and not shared; `nil` for a thread, and for what the system does not tell.
  public internal(set) var memory: Int?
}

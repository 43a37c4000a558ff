import ProcPool
import ProcPoolProtocol

/// The state of a pool at one moment, observed from outside.
struct PoolSnapshot: Equatable, Sendable {
  /// The process that created the pool.
  var coordinator: Int32
  /// The program of that process.
  var program: String
  /// The pool's processes: those with a worker number first, then the standby processes.
  var workers: [WorkerSnapshot]
  /// Items that have ended since the pool was created, and items per second since the previous
  /// observation.
  var items: UInt64
  var itemsPerSecond: Double

  /// Seconds since the pool's oldest process was started.
  var upSeconds: Double { workers.map(\.upSeconds).max() ?? 0 }
  /// Bytes of memory of all workers.
  var memory: Int { workers.compactMap(\.memory).reduce(0, +) }
}

/// The state of a worker at one moment, observed from outside.
struct WorkerSnapshot: Equatable, Sendable {
  /// The item that the worker is running.
  struct Item: Equatable, Sendable {
    var task: String
    var id: ItemID
    /// How long the item has been running; a lower bound if its start was not observed.
    var seconds: Double
    var isAtLeast: Bool
  }

  var process: Int32
  /// The number of the worker in its pool; `nil` for a standby process.
  var worker: Int?
  /// Seconds since the process was started.
  var upSeconds: Double
  /// The number of earlier processes of this worker.
  var restarts: Int
  /// Items that have ended in this process.
  var items: UInt64
  var itemsPerSecond: Double
  /// The shares of the time since the previous observation: running items, copying, waiting.
  var running: Double
  var copying: Double
  var waiting: Double
  /// Whether a task is being prepared: decoded, or in its `prepare`.
  var isPreparing: Bool
  var item: Item?
  /// Bytes of private memory; `nil` if unknown.
  var memory: Int?
}

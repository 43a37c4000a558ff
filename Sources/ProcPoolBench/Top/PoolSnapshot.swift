import ProcPool
import ProcPoolProtocol

/// A pool, observed from outside at one moment.
struct PoolSnapshot: Equatable, Sendable {
  /// The process that has it.
  var coordinator: Int32
  /// That process's program.
  var program: String
  /// Of all its processes, those that stand by behind those that work.
  var workers: [WorkerSnapshot]
  /// Items that have ended since the pool began, and in a second since the previous observation.
  var items: UInt64
  var itemsPerSecond: Double

  /// Seconds since its oldest process was started.
  var upSeconds: Double { workers.map(\.upSeconds).max() ?? 0 }
  /// Bytes of all its workers.
  var memory: Int { workers.compactMap(\.memory).reduce(0, +) }
}

/// A worker, observed from outside at one moment.
struct WorkerSnapshot: Equatable, Sendable {
  /// What it is on.
  struct Item: Equatable, Sendable {
    var task: String
    var id: ItemID
    /// For how long; at least so long where nobody has seen the beginning.
    var seconds: Double
    var isAtLeast: Bool
  }

  var process: Int32
  /// Which of its pool's workers it is; `nil` if it stands by.
  var worker: Int?
  /// Seconds since it was started.
  var upSeconds: Double
  /// How many processes were this worker before.
  var restarts: Int
  /// Items that have ended in this process.
  var items: UInt64
  var itemsPerSecond: Double
  /// Parts of its time since the previous observation: running items, copying, waiting.
  var running: Double
  var copying: Double
  var waiting: Double
  /// Whether a task is being made ready: decoded, or in its `prepare`.
  var isPreparing: Bool
  var item: Item?
  /// Bytes in memory that are its own; `nil` if the system does not tell.
  var memory: Int?
}

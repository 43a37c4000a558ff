import ProcPoolProtocol
import ProcPoolWorker

/// The activity of a pool so far: messages, copies, items, and the time of its processes.
///
/// The difference between a reading before a call and one after it is the cost of the call:
///
///     let before = pool.statistics
///     _ = try await pool.map(task, over: inputs)
///     let spent = pool.statistics - before
///     print("\(spent.workers.running) of work, \(spent.bytesCopied) bytes copied")
///
/// The clocks are always on, and are read about as often as there are system calls. The times of
/// workers that cannot share memory with the coordinator are missing.
public struct PoolStatistics: Sendable, Hashable, Encodable {
  /// The number of bytes written to the workers' pipes.
  public internal(set) var bytesSent: UInt64 = 0
  /// The number of bytes read from the workers' pipes.
  public internal(set) var bytesReceived: UInt64 = 0
  /// The number of bytes copied in all processes. A byte counts once for each copy: into a message,
  /// into a pipe, out of the pipe, and out of the message. Copies by growing buffers and bytes in
  /// shared memory are not counted.
  public internal(set) var bytesCopied: UInt64 = 0
  /// The number of items whose end a worker has reported.
  public internal(set) var itemsFinished: UInt64 = 0
  /// The number of chunks that have been sent to workers.
  public internal(set) var chunksSent: UInt64 = 0
  /// The total time that chunks waited in the coordinator until they were sent to a worker, summed
  /// over the chunks.
  public internal(set) var queued: Duration = .zero
  /// The number of workers that ended unexpectedly.
  public internal(set) var workersLost = 0
  /// The preparations of tasks, and those that were avoided.
  public internal(set) var preparations = PreparationStatistics()
  /// The time of the coordinator: its runtime thread, and its callers while they encode and decode.
  /// The time in which a lazy sequence produces inputs counts as encoding.
  public internal(set) var coordinator = TimeSplit()
  /// The total time of all workers, including those that have ended.
  public internal(set) var workers = TimeSplit()
}

/// The time of one or several processes, by activity.
///
/// Times are wall-clock times: a process that is ready to run and waits for a processor counts as
/// busy.
public struct TimeSplit: Sendable, Hashable, Encodable {
  /// Idle time.
  public internal(set) var waiting: Duration = .zero
  /// Reading from pipes.
  public internal(set) var reading: Duration = .zero
  /// Decoding values; in a worker, only of 4 KiB or more at a time.
  public internal(set) var decoding: Duration = .zero
  /// Running items, and everything that is not listed here; zero in the coordinator.
  public internal(set) var running: Duration = .zero
  /// Encoding values; in a worker, only of 4 KiB or more at a time.
  public internal(set) var encoding: Duration = .zero
  /// Writing to pipes, including, in a worker, the wait until a pipe has room.
  public internal(set) var writing: Duration = .zero

  init() {}

  init(_ times: ActivityTimes) {
    func duration(_ activity: Activity) -> Duration {
      .nanoseconds(Int64(clamping: times[activity.rawValue]))
    }
    waiting = duration(.waiting)
    reading = duration(.reading)
    decoding = duration(.decoding)
    running = duration(.running)
    encoding = duration(.encoding)
    writing = duration(.writing)
  }

  /// All activities except waiting.
  public var busy: Duration { copying + running }

  /// The cost of moving values between processes: reading, decoding, encoding and writing.
  public var copying: Duration { reading + decoding + encoding + writing }
}

extension TimeSplit: AdditiveArithmetic {
  /// No time in any activity.
  public static let zero = TimeSplit()

  /// Adds the times of each activity.
  public static func + (one: TimeSplit, other: TimeSplit) -> TimeSplit { combine(one, other, +) }

  /// Subtracts the times of each activity: the time that passed between two readings.
  public static func - (later: TimeSplit, earlier: TimeSplit) -> TimeSplit { combine(later, earlier, -) }

  private static func combine(
    _ one: TimeSplit, _ other: TimeSplit, _ operation: (Duration, Duration) -> Duration
  ) -> TimeSplit {
    var split = TimeSplit()
    for part in [\.waiting, \.reading, \.decoding, \.running, \.encoding, \TimeSplit.writing] {
      split[keyPath: part] = operation(one[keyPath: part], other[keyPath: part])
    }
    return split
  }
}

extension PoolStatistics: AdditiveArithmetic {
  /// Statistics without any activity.
  public static let zero = PoolStatistics()

  /// Adds each figure.
  public static func + (one: PoolStatistics, other: PoolStatistics) -> PoolStatistics {
    combine(one, other, &+, +, +, +)
  }

  /// Subtracts each figure: the activity between two readings.
  public static func - (later: PoolStatistics, earlier: PoolStatistics) -> PoolStatistics {
    combine(later, earlier, &-, -, -, -)
  }

  private static func combine(
    _ one: PoolStatistics, _ other: PoolStatistics, _ count: (UInt64, UInt64) -> UInt64,
    _ time: (Duration, Duration) -> Duration, _ split: (TimeSplit, TimeSplit) -> TimeSplit,
    _ preparations: (PreparationStatistics, PreparationStatistics) -> PreparationStatistics
  ) -> PoolStatistics {
    PoolStatistics(
      bytesSent: count(one.bytesSent, other.bytesSent),
      bytesReceived: count(one.bytesReceived, other.bytesReceived),
      bytesCopied: count(one.bytesCopied, other.bytesCopied),
      itemsFinished: count(one.itemsFinished, other.itemsFinished),
      chunksSent: count(one.chunksSent, other.chunksSent),
      queued: time(one.queued, other.queued),
      workersLost: Int(
        truncatingIfNeeded: count(
          UInt64(truncatingIfNeeded: one.workersLost), UInt64(truncatingIfNeeded: other.workersLost))),
      preparations: preparations(one.preparations, other.preparations),
      coordinator: split(one.coordinator, other.coordinator), workers: split(one.workers, other.workers))
  }
}

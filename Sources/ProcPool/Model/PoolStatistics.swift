import ProcPoolProtocol
import ProcPoolWorker

/// What a pool has done so far, and where the time went.
///
/// Two readings, one before and one after a call, say what the call cost:
///
///     let before = pool.statistics
///     _ = try await pool.map(task, over: inputs)
///     let spent = pool.statistics - before
///     print("\(spent.workers.running) of work, \(spent.bytesCopied) bytes copied")
///
/// The clocks behind it run always, and are read about as often as there are system calls. Where workers
/// cannot share memory with the coordinator, theirs are missing.
public struct PoolStatistics: Sendable, Hashable {
  /// Bytes written to workers' pipes.
  public internal(set) var bytesSent: UInt64 = 0
  /// Bytes read from workers' pipes.
  public internal(set) var bytesReceived: UInt64 = 0
  /// How many bytes were copied on their way, in all processes, a byte once each time: into a message, into a
  /// pipe, out of it, and out of the message. What memory grows by is not counted, nor what is shared.
  public internal(set) var bytesCopied: UInt64 = 0
  /// Items whose end a worker has reported.
  public internal(set) var itemsFinished: UInt64 = 0
  /// Chunks that have been given to workers.
  public internal(set) var chunksSent: UInt64 = 0
  /// How long chunks waited in the coordinator, all together, from when the pool got them until they were
  /// given to a worker.
  public internal(set) var queued: Duration = .zero
  /// Workers that ended without having been told to.
  public internal(set) var workersLost = 0
  /// The time of the coordinator: its runtime thread, and its callers while they encode and decode. Making
  /// inputs counts as encoding them, where a sequence makes them on demand.
  public internal(set) var coordinator = TimeSplit()
  /// The time of all workers together, those that have ended among them.
  public internal(set) var workers = TimeSplit()
}

/// Where the time of a process, or of several, went: by the clock on the wall, so that a process that has to
/// wait for a processor is busy all the same.
public struct TimeSplit: Sendable, Hashable {
  /// Nothing to do.
  public internal(set) var waiting: Duration = .zero
  /// Taking bytes out of pipes.
  public internal(set) var reading: Duration = .zero
  /// Making values of bytes; in a worker, of 4 KiB and more at a time.
  public internal(set) var decoding: Duration = .zero
  /// Running items, and all the rest; nothing in the coordinator.
  public internal(set) var running: Duration = .zero
  /// Making bytes of values; in a worker, of 4 KiB and more at a time.
  public internal(set) var encoding: Duration = .zero
  /// Putting bytes into pipes, and in a worker waiting until there is room in them.
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

  /// All but waiting.
  public var busy: Duration { copying + running }

  /// What would not be there if nothing had to travel: reading, decoding, encoding and writing.
  public var copying: Duration { reading + decoding + encoding + writing }
}

extension TimeSplit: AdditiveArithmetic {
  public static let zero = TimeSplit()

  public static func + (one: TimeSplit, other: TimeSplit) -> TimeSplit { combine(one, other, +) }

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
  public static let zero = PoolStatistics()

  public static func + (one: PoolStatistics, other: PoolStatistics) -> PoolStatistics {
    combine(one, other, &+, +, +)
  }

  public static func - (later: PoolStatistics, earlier: PoolStatistics) -> PoolStatistics {
    combine(later, earlier, &-, -, -)
  }

  private static func combine(
    _ one: PoolStatistics, _ other: PoolStatistics, _ count: (UInt64, UInt64) -> UInt64,
    _ time: (Duration, Duration) -> Duration, _ split: (TimeSplit, TimeSplit) -> TimeSplit
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
      coordinator: split(one.coordinator, other.coordinator), workers: split(one.workers, other.workers))
  }
}

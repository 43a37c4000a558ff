/// The preparations of tasks in workers: decoding the task and running `prepare`.
///
/// Only preparations that take at least 100 µs are counted. Each of them has one reason.
///
///     let spent = pool.statistics.preparations
///     print("\(spent.count) preparations in \(spent.time), \(spent.reused) avoided")
public struct PreparationStatistics: Sendable, Hashable, Encodable {
  /// The number of preparations in a worker that had not prepared a task of the type before.
  public internal(set) var firstInWorker = 0
  /// The number of preparations of a task that another worker had kept until it ended.
  public internal(set) var afterReplacement = 0
  /// The number of preparations of a task that the worker had kept and released for other tasks;
  /// see ``KeptTasksPolicy``.
  public internal(set) var afterEviction = 0
  /// The number of preparations in a worker that had prepared only other values of the task's type.
  public internal(set) var ofOtherValue = 0
  /// The number of preparations of tasks that are not kept, because of `PoolTask.isKept` or the
  /// pool's configuration.
  public internal(set) var notKept = 0
  /// The number of times that a task was not sent to a worker, because the worker had kept it.
  public internal(set) var reused = 0
  /// The total time of the preparations.
  public internal(set) var time: Duration = .zero

  init() {}

  /// The number of preparations, for all reasons.
  public var count: Int { firstInWorker + afterReplacement + afterEviction + ofOtherValue + notKept }
}

extension PreparationStatistics: AdditiveArithmetic {
  /// No preparations.
  public static let zero = PreparationStatistics()

  /// Adds each figure.
  public static func + (one: PreparationStatistics, other: PreparationStatistics) -> PreparationStatistics {
    combine(one, other, &+, +)
  }

  /// Subtracts each figure: the preparations between two readings.
  public static func - (later: PreparationStatistics, earlier: PreparationStatistics) -> PreparationStatistics
  {
    combine(later, earlier, &-, -)
  }

  private static func combine(
    _ one: PreparationStatistics, _ other: PreparationStatistics, _ count: (Int, Int) -> Int,
    _ time: (Duration, Duration) -> Duration
  ) -> PreparationStatistics {
    var all = PreparationStatistics()
    for part in [
      \.firstInWorker, \.afterReplacement, \.afterEviction, \.ofOtherValue, \.notKept,
      \PreparationStatistics.reused,
    ] {
      all[keyPath: part] = count(one[keyPath: part], other[keyPath: part])
    }
    all.time = time(one.time, other.time)
    return all
  }
}

extension Pool {
  /// The activity of the pool so far, and the time of its processes.
  ///
  /// - Complexity: O(*w*) in the number of workers, some hundred nanoseconds each.
  public var statistics: PoolStatistics { runtime.statistics }

  /// The calls with several items in the order of their numbers: the running ones, and the last
  /// sixteen that have ended. `apply`, `applyAsync` and `submit` are not included.
  ///
  /// - Complexity: O(*w* + *c*) in the number of workers and calls, some hundred nanoseconds each.
  public var callStatistics: [CallStatistics] { runtime.callStatistics }

  /// The activity and the current state of each worker, in the order of ``WorkerID/index``.
  ///
  /// - Complexity: O(*w*) in the number of workers, some microseconds each to read its memory
  ///   usage.
  public var workerStatistics: [WorkerStatistics] { runtime.workerStatistics }
}

extension Pool {
  /// What the pool has done so far, and where the time went.
  ///
  /// - Complexity: O(workers), some hundred nanoseconds for each.
  public var statistics: PoolStatistics { runtime.statistics }

  /// Calls of several items, in the order of their numbers: the last sixteen that are over, and those that go on. `apply`,
  /// `applyAsync` and `submit` are not among them.
  ///
  /// - Complexity: O(workers + calls), some hundred nanoseconds for each.
  public var callStatistics: [CallStatistics] { runtime.callStatistics }

  /// What each worker of the pool has done, and what it is doing.
  ///
  /// - Complexity: O(workers); reading the memory of each takes some microseconds.
  public var workerStatistics: [WorkerStatistics] { runtime.workerStatistics }
}

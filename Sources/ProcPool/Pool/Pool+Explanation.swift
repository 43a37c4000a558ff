extension Pool {
  /// Says what limits the call of several items that goes on, or the last one that is over; or, if there was none
  /// since, the calls of one item.
  ///
  /// Of a call beside which others went on it says less: the time of the pool is everybody's.
  ///
  /// - Complexity: O(workers + calls of several items that go on), some hundred nanoseconds for each.
  public var explanation: Explanation {
    guard let call = runtime.latestCall else {
      return Explanation(summary: "Nothing has been run yet: call this when something has ended.", limits: [])
    }
    return explanation(of: call)
  }

  /// Says what limits a call, one of ``callStatistics``.
  public func explanation(of call: CallStatistics) -> Explanation {
    Explanation(call, workers: sizing.workers, processors: PoolSizing.processors)
  }
}

extension Pool {
  /// The explanation of the running call with several items, the latest if there are several. If
  /// none is running, that of the call with several items that ended last, or of all single-item
  /// calls together if one of them ended later.
  ///
  /// It is less informative if several calls ran at the same time, because the times of the workers
  /// are those of all calls.
  ///
  /// - Complexity: O(*w* + *c*) in the number of workers and running calls, some hundred
  ///   nanoseconds each.
  public var explanation: Explanation {
    guard let call = runtime.latestCall else {
      return Explanation(summary: "Nothing has been run yet: call this when something has ended.", limits: [])
    }
    return explanation(of: call)
  }

  /// Explains what limits a call.
  ///
  /// - Parameter call: an element of ``callStatistics``.
  public func explanation(of call: CallStatistics) -> Explanation {
    Explanation(call, workers: sizing.workers, processors: PoolSizing.processors)
  }
}

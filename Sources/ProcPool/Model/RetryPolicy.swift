import ProcPoolSystem

/// How often an item is begun whose worker ends while it runs.
///
/// An item that throws has ended, and is not tried again: a task that wants that does it itself.
public enum RetryPolicy: Hashable, Sendable {
  /// Once: an item whose worker ends has failed, and has perhaps done half of what it does.
  case atMostOnce
  /// Up to so many times in all, at least one, in whatever worker is free; then it fails with the last
  /// attempt's ``Autopsy``, and the others go on. For tasks that may run twice without harm. An item that
  /// exceeds its `timeout` is tried again, too. The task can see which attempt it is: `TaskContext.attempt`.
  case atLeastOnce(maximumAttempts: Int)

  var attempts: Int {
    switch self {
    case .atMostOnce: return 1
    case .atLeastOnce(let attempts):
      require(attempts >= 1, "attempts must be at least 1, not \(attempts)")
      return attempts
    }
  }
}

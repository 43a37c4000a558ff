import ProcPoolSystem

/// The number of attempts at an item whose worker is lost while it runs the item.
///
/// An item whose task throws has ended, unless ``Backoff`` retries it.
public enum RetryPolicy: Hashable, Sendable {
  /// One attempt. An item whose worker is lost fails; some of its side effects may have happened.
  case atMostOnce
  /// Up to `maximumAttempts` attempts, at least 1, each in any free worker. Then the item fails
  /// with the ``Autopsy`` of the last attempt. An item that exceeds its `timeout` is also retried.
  /// For tasks that can safely run more than once; `TaskContext.attempt` is the number of the
  /// attempt.
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

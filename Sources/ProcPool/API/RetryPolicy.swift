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
  case atLeastOnce(attempts: Int)

  var attempts: Int {
    switch self {
    case .atMostOnce: return 1
    case .atLeastOnce(let attempts):
      require(attempts >= 1, "attempts must be at least 1, not \(attempts)")
      return attempts
    }
  }
}

/// How long cancelled items may go on.
///
/// A worker that runs what is cancelled is told so at once: `TaskContext.isCancelled` is `true` then, and the
/// Swift task of an item that awaits something is cancelled. If it goes on all the same, it is asked to end
/// with `SIGTERM`, which ends a process unless the task has seen to that, and then killed. It is replaced,
/// and no other item is lost with it.
public struct CancellationGrace: Hashable, Sendable {
  /// Before `SIGTERM`.
  public var beforeTermination: Duration
  /// After that, before `SIGKILL`.
  public var beforeKill: Duration

  /// A second each, unless given. With `.zero` the step before is skipped.
  public init(beforeTermination: Duration = .seconds(1), beforeKill: Duration = .seconds(1)) {
    self.beforeTermination = beforeTermination
    self.beforeKill = beforeKill
  }

  /// The shorter of the two, in nanoseconds: how closely the clock has to be watched.
  var shortest: Int64 { min(beforeTermination, beforeKill).nanoseconds }
}

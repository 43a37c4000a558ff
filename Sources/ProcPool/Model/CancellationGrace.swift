import ProcPoolSystem

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

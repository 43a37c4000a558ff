import ProcPoolSystem

/// The time that cancelled items have to stop.
///
/// A worker is notified immediately when its running item is cancelled: `TaskContext.isCancelled`
/// becomes `true`, and the item's Swift task is cancelled. If the item keeps running, the worker is
/// sent `SIGTERM` and then `SIGKILL`. It is replaced, and no other item is lost with it.
public struct CancellationGrace: Hashable, Sendable {
  /// The time from the cancellation until `SIGTERM`.
  public var beforeTermination: Duration
  /// The time from `SIGTERM` until `SIGKILL`.
  public var beforeKill: Duration

  /// Creates a grace period; each part is one second by default. `.zero` skips the wait.
  public init(beforeTermination: Duration = .seconds(1), beforeKill: Duration = .seconds(1)) {
    self.beforeTermination = beforeTermination
    self.beforeKill = beforeKill
  }

  /// The shorter of the two in nanoseconds, which determines how often the clock is checked.
  var shortest: Int64 { min(beforeTermination, beforeKill).nanoseconds }
}

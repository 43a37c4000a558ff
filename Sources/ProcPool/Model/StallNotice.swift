import ProcPoolSystem

/// The settings for reports of long-running items by ``PoolEvent/Kind/itemStalled(_:_:elapsed:stack:)``.
public struct StallNotice: Hashable, Sendable {
  /// The running time after which an item is reported, once. Positive.
  public var after: Duration
  /// Whether the report includes the call stack of the worker's serving thread. Asynchronous work
  /// that a task awaits is not on that thread.
  ///
  /// The stack is read with `ptrace`, as a debugger does: the thread is stopped for some hundred
  /// microseconds. If the system does not allow that, the stack is empty. Looking up the names of
  /// functions takes some milliseconds on a thread of the coordinator.
  public var includesStack: Bool

  /// Creates a notice.
  ///
  /// - Precondition: `after` is positive.
  public init(after: Duration, includesStack: Bool = false) {
    require(after > .zero, "StallNotice(after:) needs a positive duration, not \(after)")
    self.after = after
    self.includesStack = includesStack
  }
}

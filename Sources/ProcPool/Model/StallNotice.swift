import ProcPoolSystem

/// When and how a pool tells of items that run for long, by ``PoolEvent/itemStalled(_:_:elapsed:stack:)``.
public struct StallNotice: Hashable, Sendable {
  /// How long an item has been running when it is told of, once.
  public var after: Duration
  /// Whether what the item is doing is told, too: the functions that its worker's serving thread is in. What
  /// a task awaits is not on that thread.
  ///
  /// The worker is looked at as a debugger does it (`ptrace`): it stands still for some hundred microseconds
  /// and notices nothing. Where the system forbids that, no functions are told. Looking up their names takes
  /// some milliseconds of a thread of the coordinator's.
  public var includesStack: Bool

  public init(after: Duration, includesStack: Bool = false) {
    require(after > .zero, "StallNotice(after:) needs a positive duration, not \(after)")
    self.after = after
    self.includesStack = includesStack
  }
}

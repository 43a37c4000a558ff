/// A failure to acquire a shared lock.
public enum LockError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The lock was not free within the given time.
  case timedOut(Duration)
  /// The calling thread already holds the lock, so waiting for it would never end.
  case alreadyHeld
  /// The process that held the lock has died, possibly in the middle of a change, and the value has
  /// not been repaired since. `process` is its process ID.
  case ownerDied(process: Int32)
  /// A repair of the value failed, so the value can no longer be used.
  case poisoned
  /// A system call failed, as the text describes.
  case system(String)

  /// A message for people: what happened, and what to do.
  public var description: String {
    switch self {
    case .timedOut(let limit): "the lock was not free within \(limit)"
    case .alreadyHeld:
      "this thread holds the lock already; use the value that the outer `withLock` gives instead of locking again"
    case .ownerDied(let process):
      "process \(process) died while it held the lock, and the value may be half changed; restore it with `repair`, "
        + "and the lock can be used again"
    case .poisoned: "a repair of the value failed, and it can no longer be used; create a new one"
    case .system(let what): "the lock cannot be used: \(what)"
    }
  }
}

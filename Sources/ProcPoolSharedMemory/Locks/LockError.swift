/// Why a shared lock was not taken.
public enum LockError: Error, Hashable, Sendable, CustomStringConvertible {
  /// It was not free within the time allowed.
  case timedOut(Duration)
  /// The calling thread holds it already: waiting for it would never end.
  case alreadyHeld
  /// The process that held it has died, in the middle of a change perhaps, and nobody has repaired the value
  /// since. `process` is its number.
  case ownerDied(process: Int32)
  /// Somebody found the value beyond repair.
  case poisoned
  /// The system refused, in words.
  case system(String)

  public var description: String {
    switch self {
    case .timedOut(let limit): "the lock was not free within \(limit)"
    case .alreadyHeld:
      "this thread holds the lock already; use the value that the outer `withLock` gives instead of locking again"
    case .ownerDied(let process):
      "process \(process) died while it held the lock, and the value may be half changed; put it in order with "
        + "`repair`, which lets everybody go on"
    case .poisoned: "the value was found beyond repair; make a new one"
    case .system(let what): "the lock cannot be used: \(what)"
    }
  }
}

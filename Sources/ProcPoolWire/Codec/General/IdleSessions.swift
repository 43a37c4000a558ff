import Synchronization

/// Sessions that nobody uses at the moment, for values that come one by one.
///
/// What a session has found out about types and keys takes longer to find out again than a small value takes to
/// encode: six dynamic casts for each type that is in it.
final class IdleSessions<Session: AnyObject>: Sendable {
  /// Unchecked because a session that is in the store is nobody's, and one that has been taken out is its taker's.
  private struct Idle: @unchecked Sendable {
    let session: Session
  }

  private let make: @Sendable () -> Session
  private let idle = Mutex<[Idle]>([])

  /// As many are kept as there are values under way at a time in most programs. Each takes one or two KiB.
  private static var capacity: Int { 8 }

  init(make: @escaping @Sendable () -> Session) {
    self.make = make
  }

  /// Lends a session that is between two messages, and is between two messages afterwards: whether or not the
  /// body throws.
  func use<Result>(_ body: (Session) throws -> Result) rethrows -> Result {
    // The one that was used last is the one whose tables are in the processor's cache.
    let session = idle.withLock { $0.popLast() }?.session ?? make()
    defer {
      let spare = Idle(session: session)
      idle.withLock { if $0.count < Self.capacity { $0.append(spare) } }
    }
    return try body(session)
  }
}

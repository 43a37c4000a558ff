import Synchronization

/// A store of idle sessions, for values that are encoded or decoded one by one.
///
/// Sessions cache facts about types and keys that take longer to determine than a small value takes
/// to encode: six dynamic casts per type.
final class IdleSessions<Session: AnyObject>: Sendable {
  // Safety: one thread at a time uses a session, which removes it from the store.
  private struct Idle: @unchecked Sendable {
    let session: Session
  }

  private let make: @Sendable () -> Session
  private let idle = Mutex<[Idle]>([])

  /// The maximum number of idle sessions, which suffices for the concurrency of most programs. Each
  /// uses one or two KiB.
  private static var capacity: Int { 8 }

  init(make: @escaping @Sendable () -> Session) {
    self.make = make
  }

  /// Calls a closure with a session that is not in use. The session must be between two messages
  /// afterwards, even if the closure throws.
  func use<Result>(_ body: (Session) throws -> Result) rethrows -> Result {
    // The last used session, whose tables are probably in the processor's cache.
    let session = idle.withLock { $0.popLast() }?.session ?? make()
    defer {
      let spare = Idle(session: session)
      idle.withLock { if $0.count < Self.capacity { $0.append(spare) } }
    }
    return try body(session)
  }
}

import ProcPoolWire

/// A value in shared memory that is reachable only with its lock.
///
///     let total = try LockedValue(0.0)
///     try total.withLock { $0 += part }
///
/// As ``LockedArray``, for one value.
public struct LockedValue<Value: BitwiseCopyable>: Sendable {
  @usableFromInline package let block: SharedBlock
  @usableFromInline let lock: SharedLock
  // Unsafe because a pointer is not Sendable; it is followed with the lock only.
  @usableFromInline nonisolated(unsafe) let place: UnsafeMutablePointer<Value>

  private init(_ block: SharedBlock) {
    self.block = block
    lock = SharedLock(at: block.base)
    place = (block.base + SharedLock.size).bindMemory(to: Value.self, capacity: 1)
  }

  /// Shares a value.
  ///
  /// - Throws: ``SharedMemoryError`` if there is no memory for it.
  public init(_ value: Value) throws(SharedMemoryError) {
    self.init(
      try SharedBlock.make(
        kind: .lockedValue, byteCount: SharedLayout.bytes(1, Value.self, after: SharedLock.size),
        stride: MemoryLayout<Value>.stride))
    try lock.initialize()
    place.initialize(to: value)
  }

  /// Runs the body with the lock and the value.
  ///
  /// - Parameter timeout: how long to wait for the lock; for ever unless given.
  /// - Throws: ``LockError``, and what the body throws; the value stays as the body left it.
  @inlinable
  public func withLock<Result>(
    timeout: Duration? = nil, _ body: (inout Value) throws -> Result
  ) throws -> Result {
    defer { withExtendedLifetime(block) {} }
    try lock.lock(timeout)
    defer { lock.unlock() }
    return try body(&place.pointee)
  }

  /// Puts the value in order after a holder of the lock has died; does nothing if none has.
  ///
  /// When the body returns, everybody can go on. When it throws, the value is beyond repair, and everybody is
  /// told so (``LockError/poisoned``).
  ///
  /// - Parameter body: gets the value, and the number of the process that died.
  /// - Returns: whether there was anything to repair.
  @discardableResult
  public func repair(
    timeout: Duration? = nil, _ body: (inout Value, _ process: Int32) throws -> Void
  ) throws -> Bool {
    defer { withExtendedLifetime(block) {} }
    return try lock.repair(timeout) { try body(&place.pointee, $0) }
  }
}

extension BlockKind {
  static let lockedValue = BlockKind(rawValue: 3)
}

extension LockedValue: SharedObject, Codable, WireCodable {
  package static var kind: BlockKind { .lockedValue }

  package init(checking block: SharedBlock) throws(SharedMemoryError) {
    try SharedLayout.check(block, holds: Value.self, after: SharedLock.size)
    guard block.byteCount == SharedLock.size + MemoryLayout<Value>.stride else {
      throw .mismatched("it takes \(block.byteCount) bytes")
    }
    self.init(block)
  }
}

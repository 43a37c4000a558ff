import ProcPoolWire

/// A value in shared memory that can be accessed only while its lock is held.
///
///     let total = try LockedValue(0.0)
///     try total.withLock { $0 += part }
///
/// The lock works as that of ``LockedArray``. A locked value is encoded as a handle, and a copy of
/// it refers to the same value.
public struct LockedValue<Value: BitwiseCopyable>: Sendable {
  @usableFromInline package let block: SharedBlock
  @usableFromInline let lock: SharedLock
  // Safety: the memory is accessed only while the lock is held.
  @usableFromInline nonisolated(unsafe) let place: UnsafeMutablePointer<Value>

  private init(_ block: SharedBlock) {
    self.block = block
    lock = SharedLock(at: block.base)
    place = (block.base + SharedLock.size).bindMemory(to: Value.self, capacity: 1)
  }

  /// Creates a shared value.
  ///
  /// - Throws: ``SharedMemoryError`` if there is not enough memory.
  public init(_ value: Value) throws(SharedMemoryError) {
    self.init(
      try SharedBlock.make(
        kind: .lockedValue, byteCount: SharedLayout.bytes(1, Value.self, after: SharedLock.size),
        stride: MemoryLayout<Value>.stride))
    try lock.initialize()
    place.initialize(to: value)
  }

  /// Calls a closure with the value while the lock is held.
  ///
  /// - Parameters:
  ///   - timeout: how long to wait for the lock; without limit by default.
  ///   - body: a closure that may change the value.
  /// - Throws: ``LockError``, or the error that the closure throws. What it has written remains.
  @inlinable
  public func withLock<Result>(
    timeout: Duration? = nil, _ body: (inout Value) throws -> Result
  ) throws -> Result {
    defer { withExtendedLifetime(block) {} }
    try lock.lock(timeout)
    defer { lock.unlock() }
    return try body(&place.pointee)
  }

  /// Restores the value after a process has died while it held the lock; otherwise does nothing.
  ///
  /// When the closure returns, the lock can be acquired again. When it throws, the value can no
  /// longer be used: every further attempt to acquire the lock throws ``LockError/poisoned``.
  ///
  /// - Parameters:
  ///   - timeout: how long to wait for the lock; without limit by default.
  ///   - body: a closure that receives the value and the process ID of the process that died.
  /// - Returns: whether there was anything to repair.
  /// - Throws: ``LockError``, or the error that the closure throws.
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

import ProcPoolWire

/// An array in shared memory whose elements can be accessed only while its lock is held.
///
///     try histogram.withLock { bins in bins[found] += 1 }
///
/// The lock works between threads and processes: the coordinator, its workers, and their workers.
/// Waiting threads acquire it in no particular order. If a process dies while it holds the lock,
/// further attempts to acquire it throw ``LockError/ownerDied(process:)`` until the elements have
/// been restored with ``repair(timeout:_:)``.
///
/// As with ``SharedArray``, an array is encoded as a handle, and a copy of the value refers to the
/// same elements.
public struct LockedArray<Element: BitwiseCopyable>: Sendable {
  @usableFromInline package let block: SharedBlock
  @usableFromInline let lock: SharedLock
  // Safety: the memory is accessed only while the lock is held.
  @usableFromInline nonisolated(unsafe) let base: UnsafeMutablePointer<Element>

  /// The number of elements.
  public let count: Int

  private init(_ block: SharedBlock) {
    self.block = block
    lock = SharedLock(at: block.base)
    count = (block.byteCount - SharedLock.size) / MemoryLayout<Element>.stride
    base = (block.base + SharedLock.size).bindMemory(to: Element.self, capacity: count)
  }

  private init(room count: Int) throws(SharedMemoryError) {
    self.init(
      try SharedBlock.make(
        kind: .lockedArray, byteCount: SharedLayout.bytes(count, Element.self, after: SharedLock.size),
        stride: MemoryLayout<Element>.stride))
    try lock.initialize()
  }

  /// Creates an array of `count` equal elements.
  ///
  /// - Throws: ``SharedMemoryError`` if there is not enough memory.
  /// - Complexity: O(*n*).
  public init(repeating element: Element, count: Int) throws(SharedMemoryError) {
    try self.init(room: count)
    base.initialize(repeating: element, count: count)
  }

  /// Creates an array with a copy of the elements of a collection.
  ///
  /// - Throws: ``SharedMemoryError`` if there is not enough memory.
  /// - Complexity: O(*n*).
  public init(_ elements: some Collection<Element>) throws(SharedMemoryError) {
    try self.init(room: elements.count)
    SharedLayout.copy(elements, to: UnsafeMutableBufferPointer(start: base, count: count))
  }

  /// Calls a closure with the elements while the lock is held.
  ///
  /// - Parameters:
  ///   - timeout: how long to wait for the lock; without limit by default.
  ///   - body: a closure that may change the elements.
  /// - Throws: ``LockError``, or the error that the closure throws. What it has written remains.
  @inlinable
  public func withLock<Result>(
    timeout: Duration? = nil, _ body: (inout MutableSpan<Element>) throws -> Result
  ) throws -> Result {
    defer { withExtendedLifetime(block) {} }
    try lock.lock(timeout)
    defer { lock.unlock() }
    var span = MutableSpan(_unsafeStart: base, count: count)
    return try body(&span)
  }

  /// Restores the elements after a process has died while it held the lock; otherwise does nothing.
  ///
  /// When the closure returns, the lock can be acquired again. When it throws, the array can no
  /// longer be used: every further attempt to acquire the lock throws ``LockError/poisoned``.
  ///
  /// - Parameters:
  ///   - timeout: how long to wait for the lock; without limit by default.
  ///   - body: a closure that receives the elements and the process ID of the process that died.
  /// - Returns: whether there was anything to repair.
  /// - Throws: ``LockError``, or the error that the closure throws.
  @discardableResult
  public func repair(
    timeout: Duration? = nil, _ body: (inout MutableSpan<Element>, _ process: Int32) throws -> Void
  ) throws -> Bool {
    defer { withExtendedLifetime(block) {} }
    return try lock.repair(timeout) { process in
      var span = MutableSpan(_unsafeStart: base, count: count)
      try body(&span, process)
    }
  }
}

extension BlockKind {
  static let lockedArray = BlockKind(rawValue: 2)
}

extension LockedArray: SharedObject, Codable, WireCodable {
  package static var kind: BlockKind { .lockedArray }

  package init(checking block: SharedBlock) throws(SharedMemoryError) {
    try SharedLayout.check(block, holds: Element.self, after: SharedLock.size)
    self.init(block)
  }
}

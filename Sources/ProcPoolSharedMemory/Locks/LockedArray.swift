import ProcPoolWire

/// An array in shared memory whose elements are reachable only with its lock.
///
///     try histogram.withLock { bins in bins[found] += 1 }
///
/// The lock works between threads and processes: coordinator, workers, and workers of workers. It is given to
/// those who wait in no particular order. A holder that dies does not take it along: the next one is told
/// (``LockError/ownerDied(process:)``), and so is everybody until somebody has put the elements in order with
/// ``repair(timeout:_:)``.
///
/// Copies of the value are the same array; it travels as a handle, like ``SharedArray``.
public struct LockedArray<Element: BitwiseCopyable>: Sendable {
  @usableFromInline package let block: SharedBlock
  @usableFromInline let lock: SharedLock
  // Unsafe because a pointer is not Sendable; it is followed with the lock only.
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

  /// An array of equal elements.
  ///
  /// - Throws: ``SharedMemoryError`` if there is not as much memory.
  public init(repeating element: Element, count: Int) throws(SharedMemoryError) {
    try self.init(room: count)
    base.initialize(repeating: element, count: count)
  }

  /// A copy of a collection's elements.
  ///
  /// - Throws: ``SharedMemoryError`` if there is not as much memory.
  public init(_ elements: some Collection<Element>) throws(SharedMemoryError) {
    try self.init(room: elements.count)
    SharedLayout.copy(elements, to: UnsafeMutableBufferPointer(start: base, count: count))
  }

  /// Runs the body with the lock and the elements.
  ///
  /// - Parameter timeout: how long to wait for the lock; for ever unless given.
  /// - Throws: ``LockError``, and what the body throws; the elements stay as the body left them.
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

  /// Puts the elements in order after a holder of the lock has died; does nothing if none has.
  ///
  /// When the body returns, everybody can go on. When it throws, the array is beyond repair, and everybody is
  /// told so (``LockError/poisoned``).
  ///
  /// - Parameter body: gets the elements, and the number of the process that died.
  /// - Returns: whether there was anything to repair.
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

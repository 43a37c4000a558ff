import ProcPoolWire
import Synchronization

/// A whole number in shared memory that many processes change at once, without a lock and without losing a
/// change.
///
///     let done = try SharedCounter()
///     done.add(1)                                   // in any process
public struct SharedCounter: Sendable {
  @usableFromInline package let block: SharedBlock
  // Unsafe because a pointer is not Sendable; what it leads to is atomic.
  @usableFromInline nonisolated(unsafe) let word: UnsafeMutablePointer<Atomic<Int>>

  private init(_ block: SharedBlock) {
    self.block = block
    word = block.base.assumingMemoryBound(to: Atomic<Int>.self)
  }

  /// Shares a counter.
  ///
  /// - Throws: ``SharedMemoryError`` if there is no memory for it.
  public init(_ value: Int = 0) throws(SharedMemoryError) {
    let block = try SharedBlock.make(
      kind: .counter, byteCount: MemoryLayout<Int>.size, stride: MemoryLayout<Int>.stride)
    // Initialised here and nowhere else.
    block.base.bindMemory(to: Atomic<Int>.self, capacity: 1).initialize(to: Atomic(value))
    self.init(block)
  }

  /// The number now.
  public var value: Int {
    @inlinable
    get {
      defer { withExtendedLifetime(block) {} }
      return word.pointee.load(ordering: .acquiring)
    }
    @inlinable
    nonmutating set {
      word.pointee.store(newValue, ordering: .releasing)
      withExtendedLifetime(block) {}
    }
  }

  /// Adds to the number; on overflow it wraps around.
  ///
  /// - Returns: the number after that.
  @discardableResult
  @inlinable
  public func add(_ amount: Int) -> Int {
    defer { withExtendedLifetime(block) {} }
    return word.pointee.wrappingAdd(amount, ordering: .acquiringAndReleasing).newValue
  }

  /// Replaces the number if it is what the caller thinks.
  ///
  /// - Returns: whether it was, and what it was.
  @discardableResult
  @inlinable
  public func compareExchange(expected: Int, desired: Int) -> (exchanged: Bool, original: Int) {
    defer { withExtendedLifetime(block) {} }
    return word.pointee.compareExchange(
      expected: expected, desired: desired, ordering: .acquiringAndReleasing)
  }
}

extension BlockKind {
  static let counter = BlockKind(rawValue: 4)
}

extension SharedCounter: SharedObject, Codable, WireCodable {
  package static var kind: BlockKind { .counter }

  package init(checking block: SharedBlock) throws(SharedMemoryError) {
    guard block.byteCount == MemoryLayout<Int>.size else {
      throw .mismatched("it takes \(block.byteCount) bytes")
    }
    self.init(block)
  }
}

import ProcPoolWire
import Synchronization

/// An atomic integer in shared memory, which several processes can change concurrently without a
/// lock.
///
///     let done = try SharedCounter()
///     done.add(1)                                   // in any process
public struct SharedCounter: Sendable {
  @usableFromInline package let block: SharedBlock
  // Safety: the integer that the pointer refers to is atomic.
  @usableFromInline nonisolated(unsafe) let word: UnsafeMutablePointer<Atomic<Int>>

  private init(_ block: SharedBlock) {
    self.block = block
    word = block.base.assumingMemoryBound(to: Atomic<Int>.self)
  }

  /// Creates a counter with an initial value.
  ///
  /// - Throws: ``SharedMemoryError`` if there is not enough memory.
  public init(_ value: Int = 0) throws(SharedMemoryError) {
    let block = try SharedBlock.make(
      kind: .counter, byteCount: MemoryLayout<Int>.size, stride: MemoryLayout<Int>.stride)
    // Only the creator initialises the memory; other processes map it.
    block.base.bindMemory(to: Atomic<Int>.self, capacity: 1).initialize(to: Atomic(value))
    self.init(block)
  }

  /// The current value. Reading it acquires, and setting it releases, in the sense of atomic memory
  /// orderings.
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

  /// Atomically adds to the value, which wraps around on overflow.
  ///
  /// - Returns: the new value.
  @discardableResult
  @inlinable
  public func add(_ amount: Int) -> Int {
    defer { withExtendedLifetime(block) {} }
    return word.pointee.wrappingAdd(amount, ordering: .acquiringAndReleasing).newValue
  }

  /// Atomically replaces the value if it equals `expected`.
  ///
  /// - Returns: whether the value was replaced, and the value before.
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

import ProcPoolSystem
import ProcPoolWire

/// An array whose elements are in memory that several processes share.
///
///     let numbers = try SharedArray(repeating: 0.0, count: 1_000_000)
///     try await pool.forEach(Fill(numbers), over: parts)       // each item writes its part, in place
///     let sum = numbers.withSpan { span in span.indices.reduce(0) { $0 + span[$1] } }
///
/// In tasks, inputs and outputs the array is encoded as a handle of about eighty bytes, and the
/// process that receives it maps the same memory. A copy of the value refers to the same elements.
/// The memory lives until the last process releases it, and leaves no name in a file system,
/// however the processes end. Encoding an array outside a pool throws
/// ``SharedMemoryError/outsidePool``.
///
/// There is no lock. Accessing an element while another process writes it is a data race: partition
/// the indices, or use ``LockedArray``. A write that happens while a `withSpan` closure runs may or
/// may not be visible in it. Writes of an item are visible when its result has arrived.
///
/// - Note: Elements must be `BitwiseCopyable`, which classes and strings are not. Pointers are, but
///   they are invalid in other processes: do not share them.
public struct SharedArray<Element: BitwiseCopyable>: Sendable {
  // Safety: sharing mutable elements between threads and processes is the purpose of the type;
  // callers partition them, as documented.
  @usableFromInline package let block: SharedBlock
  /// The number of elements.
  public let count: Int
  // Safety: the pointer is valid as long as `block`, which the value holds.
  @usableFromInline nonisolated(unsafe) let base: UnsafeMutablePointer<Element>

  init(_ block: SharedBlock) {
    self.block = block
    count = block.byteCount / MemoryLayout<Element>.stride
    base = block.base.bindMemory(to: Element.self, capacity: count)
  }

  /// Creates an array whose elements a closure initialises in place.
  ///
  /// All memory is allocated, and its pages are mapped, before the closure runs.
  ///
  /// - Parameters:
  ///   - count: the number of elements, which may be 0.
  ///   - body: a closure that writes the elements, whose bytes are zero before.
  /// - Throws: ``SharedMemoryError`` if there is not enough memory, or the error that the closure
  ///   throws. The memory is freed then.
  /// - Complexity: O(*n*), without the closure.
  public init(count: Int, initializingWith body: (inout MutableSpan<Element>) throws -> Void) throws {
    self.init(try Self.make(count))
    try withMutableSpan(body)
  }

  /// Creates an array of `count` equal elements.
  ///
  /// - Throws: ``SharedMemoryError`` if there is not enough memory.
  /// - Complexity: O(*n*).
  public init(repeating element: Element, count: Int) throws(SharedMemoryError) {
    self.init(try Self.make(count))
    base.initialize(repeating: element, count: count)
  }

  /// Creates an array with a copy of the elements of a collection.
  ///
  /// - Throws: ``SharedMemoryError`` if there is not enough memory.
  /// - Complexity: O(*n*); one copy of memory if the elements of the collection are contiguous.
  public init(_ elements: some Collection<Element>) throws(SharedMemoryError) {
    self.init(try Self.make(elements.count))
    SharedLayout.copy(elements, to: UnsafeMutableBufferPointer(start: base, count: count))
  }

  private static func make(_ count: Int) throws(SharedMemoryError) -> SharedBlock {
    try SharedBlock.make(
      kind: .array, byteCount: SharedLayout.bytes(count, Element.self), stride: MemoryLayout<Element>.stride)
  }

  /// The indices of the elements, from 0.
  ///
  /// - Complexity: O(1).
  public var indices: Range<Int> { 0..<count }

  /// Whether the array has no elements.
  ///
  /// - Complexity: O(1).
  public var isEmpty: Bool { count == 0 }

  /// Accesses the element at the given position.
  ///
  /// - Precondition: the index is one of ``indices``.
  /// - Complexity: O(1). In a loop a span is faster, because its bounds are checked once.
  @inlinable
  public subscript(index: Int) -> Element {
    get {
      check(index)
      defer { withExtendedLifetime(block) {} }
      return base[index]
    }
    nonmutating set {
      check(index)
      base[index] = newValue
      withExtendedLifetime(block) {}
    }
  }

  @inlinable
  func check(_ index: Int) {
    require(index >= 0 && index < count, "index \(index) is not in a shared array of \(count) elements")
  }

  @inlinable
  func check(_ range: Range<Int>) {
    require(
      range.lowerBound >= 0 && range.upperBound <= count,
      "range \(range) is not in a shared array of \(count) elements")
  }

  // MARK: - Spans

  /// Calls a closure with a read-only span of all elements.
  ///
  /// - Throws: the error that the closure throws.
  /// - Complexity: O(1), without the closure.
  @inlinable
  public func withSpan<Result: ~Copyable, Failure: Error>(
    _ body: (Span<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try withSpan(0..<count, body)
  }

  /// Calls a closure with a read-only span of the elements in a range. The first of them has index
  /// 0 in the span.
  ///
  /// - Precondition: the range lies within ``indices``.
  /// - Throws: the error that the closure throws.
  /// - Complexity: O(1), without the closure.
  @inlinable
  public func withSpan<Result: ~Copyable, Failure: Error>(
    _ range: Range<Int>, _ body: (Span<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    check(range)
    defer { withExtendedLifetime(block) {} }
    return try body(Span(_unsafeStart: base + range.lowerBound, count: range.count))
  }

  /// Calls a closure with a mutable span of all elements.
  ///
  /// - Throws: the error that the closure throws. What it has written remains.
  /// - Complexity: O(1), without the closure.
  @inlinable
  public func withMutableSpan<Result: ~Copyable, Failure: Error>(
    _ body: (inout MutableSpan<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try withMutableSpan(0..<count, body)
  }

  /// Calls a closure with a mutable span of the elements in a range. The first of them has index 0
  /// in the span.
  ///
  /// - Precondition: the range lies within ``indices``.
  /// - Throws: the error that the closure throws. What it has written remains.
  /// - Complexity: O(1), without the closure.
  @inlinable
  public func withMutableSpan<Result: ~Copyable, Failure: Error>(
    _ range: Range<Int>, _ body: (inout MutableSpan<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    check(range)
    defer { withExtendedLifetime(block) {} }
    var span = MutableSpan(_unsafeStart: base + range.lowerBound, count: range.count)
    return try body(&span)
  }
}

extension BlockKind {
  static let array = BlockKind(rawValue: 1)
}

extension SharedArray: SharedObject, Codable, WireCodable {
  package static var kind: BlockKind { .array }

  package init(checking block: SharedBlock) throws(SharedMemoryError) {
    try SharedLayout.check(block, holds: Element.self, after: 0)
    self.init(block)
  }
}

extension Array where Element: BitwiseCopyable {
  /// Creates an array with a copy of the elements of a shared array.
  ///
  /// - Complexity: O(*n*), one copy of memory.
  public init(_ shared: SharedArray<Element>) {
    self = Array(UnsafeBufferPointer(start: shared.base, count: shared.count))
    withExtendedLifetime(shared.block) {}
  }
}

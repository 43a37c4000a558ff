import ProcPoolSystem
import ProcPoolWire

/// An array whose elements lie in memory that several processes share.
///
///     let numbers = try SharedArray(repeating: 0.0, count: 1_000_000)
///     try await pool.forEach(Fill(numbers), over: parts)       // each item writes its part, in place
///     let sum = numbers.withSpan { span in span.indices.reduce(0) { $0 + span[$1] } }
///
/// What travels in a task, an input or an output is a handle of some eighty bytes; the process that receives
/// it maps the same memory. A copy of the value is the same array, not another: the memory lives until the
/// last process that has it lets go, and no name of it is left anywhere, however the processes end. Encoding one
/// outside a pool throws ``SharedMemoryError/outsidePool``.
///
/// There is no lock. Elements that one process writes while another reads or writes them are a race:
/// partition the indices, or use ``LockedArray``. What others write while a `withSpan` closure runs may or
/// may not be seen in it; what they wrote before they answered is there when the answer is.
///
/// - Note: Elements must be `BitwiseCopyable`, which classes and strings are not. Pointers are, and lead
///   nowhere in another process: do not share them.
public struct SharedArray<Element: BitwiseCopyable>: Sendable {
  // Sendable although the elements are mutable: that several threads and processes reach them is what the
  // type is for, and the partition is the caller's, as documented.
  @usableFromInline package let block: SharedBlock
  /// The number of elements.
  public let count: Int
  // Unsafe because a pointer is not Sendable; it is as long-lived as `block`, which the value holds.
  @usableFromInline nonisolated(unsafe) let base: UnsafeMutablePointer<Element>

  init(_ block: SharedBlock) {
    self.block = block
    count = block.byteCount / MemoryLayout<Element>.stride
    base = block.base.bindMemory(to: Element.self, capacity: count)
  }

  /// An array whose elements a closure writes, in place.
  ///
  /// The memory is allocated in full, and its pages are at hand, before the closure runs.
  ///
  /// - Parameters:
  ///   - count: the number of elements, which may be 0.
  ///   - body: writes the elements; they are zero bytes before.
  /// - Throws: ``SharedMemoryError`` if there is not as much memory; and what the closure throws. Nothing is
  ///   left of the array then.
  public init(count: Int, initializingWith body: (inout MutableSpan<Element>) throws -> Void) throws {
    self.init(try Self.make(count))
    try withMutableSpan(body)
  }

  /// An array of equal elements.
  ///
  /// - Throws: ``SharedMemoryError`` if there is not as much memory.
  /// - Complexity: O(n).
  public init(repeating element: Element, count: Int) throws(SharedMemoryError) {
    self.init(try Self.make(count))
    base.initialize(repeating: element, count: count)
  }

  /// A copy of a collection's elements.
  ///
  /// - Throws: ``SharedMemoryError`` if there is not as much memory.
  /// - Complexity: O(n); as fast as memory can be copied where the collection has its elements in one piece.
  public init(_ elements: some Collection<Element>) throws(SharedMemoryError) {
    self.init(try Self.make(elements.count))
    SharedLayout.copy(elements, to: UnsafeMutableBufferPointer(start: base, count: count))
  }

  private static func make(_ count: Int) throws(SharedMemoryError) -> SharedBlock {
    try SharedBlock.make(
      kind: .array, byteCount: SharedLayout.bytes(count, Element.self), stride: MemoryLayout<Element>.stride)
  }

  /// The indices of the elements, from 0.
  public var indices: Range<Int> { 0..<count }

  public var isEmpty: Bool { count == 0 }

  /// One element.
  ///
  /// - Precondition: the index is one of ``indices``.
  /// - Complexity: O(1). In a loop a span is faster, which is checked once.
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

  /// Gives all elements to a closure, to read.
  @inlinable
  public func withSpan<Result: ~Copyable, Failure: Error>(
    _ body: (Span<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try withSpan(0..<count, body)
  }

  /// Gives the elements of a range to a closure, to read: the first has index 0 in the span.
  ///
  /// - Precondition: the range lies within ``indices``.
  @inlinable
  public func withSpan<Result: ~Copyable, Failure: Error>(
    _ range: Range<Int>, _ body: (Span<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    check(range)
    defer { withExtendedLifetime(block) {} }
    return try body(Span(_unsafeStart: base + range.lowerBound, count: range.count))
  }

  /// Gives all elements to a closure, to read and write.
  @inlinable
  public func withMutableSpan<Result: ~Copyable, Failure: Error>(
    _ body: (inout MutableSpan<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try withMutableSpan(0..<count, body)
  }

  /// Gives the elements of a range to a closure, to read and write: the first has index 0 in the span.
  ///
  /// - Precondition: the range lies within ``indices``.
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
  /// A copy of a shared array's elements.
  public init(_ shared: SharedArray<Element>) {
    self = Array(UnsafeBufferPointer(start: shared.base, count: shared.count))
    withExtendedLifetime(shared.block) {}
  }
}

#if _endian(big)
  // Blocks of numbers are copied as they lie in memory; the wire is little-endian.
  #error("ProcPoolWire needs a little-endian machine")
#endif

/// A source of memory for writers, other than the heap.
@usableFromInline
package protocol WireMemory: AnyObject {
  /// Returns at least `count` bytes, aligned to 16 and valid as long as their owner lives; `nil` if
  /// the writer should use the heap.
  func allocate(_ count: Int) -> (base: UnsafeMutableRawPointer, capacity: Int, owner: AnyObject)?
}

/// A growable buffer to which values are appended.
///
/// The buffer owns one contiguous allocation, aligned to 16 bytes. It grows geometrically and never
/// shrinks: a writer that is emptied with ``removeAll()`` and filled again does not allocate.
///
///     var writer = WireWriter()
///     writer.writeFixed(UInt32(7))
///     writer.writeVarint(300)
///     writer.count                    // 6
@frozen
public struct WireWriter: ~Copyable {
  @usableFromInline var base: UnsafeMutableRawPointer?
  @usableFromInline var capacity: Int
  @usableFromInline var written: Int
  /// The number of containers that are open around the current value; see ``descend()``.
  @usableFromInline var depth: Int
  /// The number of allocations, for tests that check that growth is geometric.
  @usableFromInline package var growths: Int
  /// The number of bytes that were moved because a header turned out longer than expected, for
  /// tests that check that there are few.
  package var moved = 0
  @usableFromInline let source: (any WireMemory)?
  /// The owner of the memory; `nil` for the heap.
  @usableFromInline var owner: AnyObject?

  /// Creates an empty writer.
  ///
  /// - Parameter capacity: the number of bytes that can be written before the buffer grows; 0
  ///   allocates nothing.
  public init(capacity: Int = 0) {
    precondition(capacity >= 0, "a capacity cannot be negative")
    base = capacity == 0 ? nil : UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    self.capacity = capacity
    written = 0
    depth = 0
    growths = 0
    source = nil
    owner = nil
  }

  /// Creates an empty writer that requests memory from `source` whenever it grows.
  package init(capacity: Int, growingIn source: (any WireMemory)?) {
    base = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    self.capacity = capacity
    written = 0
    depth = 0
    growths = 0
    self.source = source
    owner = nil
  }

  /// The number of bytes that have been written.
  @inlinable
  public var count: Int { written }

  deinit {
    if owner == nil { base?.deallocate() }
  }

  /// Reserves room for `additional` more bytes, so that appending them does not allocate.
  ///
  /// - Complexity: amortised O(1) per byte, because the buffer at least doubles when it grows.
  @inlinable
  public mutating func reserve(_ additional: Int) {
    precondition(additional >= 0, "cannot reserve a negative number of bytes")
    if capacity &- count < additional { grow(by: additional) }
  }

  @usableFromInline
  @inline(never)
  mutating func grow(by additional: Int) {
    precondition(additional < Int.max / 4 && count < Int.max / 4, "a message cannot exceed the address space")
    // 64 extra bytes, because nearly every message would outgrow a smaller first allocation, and
    // because a few bytes after a long block should not double the buffer.
    let larger = max(count + additional + 64, capacity * 2)
    let given = source?.allocate(larger)
    let fresh = given?.base ?? UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
    if let base {
      fresh.copyMemory(from: base, byteCount: count)
      if owner == nil { base.deallocate() }
    }
    base = fresh
    capacity = given?.capacity ?? larger
    owner = given?.owner
    growths += 1
  }

  /// Appends `n` uninitialised bytes, which the caller must write.
  ///
  /// - Returns: a pointer to the bytes, valid until the next call of a mutating method, without any
  ///   particular alignment.
  @inlinable
  public mutating func appendUninitialized(_ n: Int) -> UnsafeMutableRawPointer {
    reserve(n)
    if n == 0 && base == nil { grow(by: 1) }
    // Safety: `reserve` or `grow` has allocated memory.
    let place = base.unsafelyUnwrapped + count
    written &+= n
    return place
  }

  /// Appends a number in its full width, in little-endian order.
  @inlinable
  public mutating func writeFixed<T: FixedWidthInteger & BitwiseCopyable>(_ v: T) {
    appendUninitialized(MemoryLayout<T>.size).storeBytes(of: v, as: T.self)
  }

  /// Appends one byte.
  @inlinable
  public mutating func writeByte(_ v: UInt8) {
    writeFixed(v)
  }

  /// Appends a number in 1 to 10 bytes of 7 bits each, the low ones first (LEB128).
  @inlinable
  public mutating func writeVarint(_ v: UInt64) {
    if v < 0x80 {
      writeFixed(UInt8(truncatingIfNeeded: v))
    } else {
      writeLongVarint(v)
    }
  }

  @usableFromInline
  mutating func writeLongVarint(_ v: UInt64) {
    reserve(WireVarint.maximumLength)
    var rest = v
    while rest >= 0x80 {
      writeFixed(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    writeFixed(UInt8(truncatingIfNeeded: rest))
  }

  /// Appends a signed number as a varint in which small magnitudes of either sign are short
  /// (zigzag).
  @inlinable
  public mutating func writeSignedVarint(_ v: Int64) {
    writeVarint(WireVarint.zigzag(v))
  }

  /// Appends a copy of `b`.
  @inlinable
  public mutating func writeBytes(_ b: UnsafeRawBufferPointer) {
    guard let source = b.baseAddress, b.count > 0 else { return }
    appendUninitialized(b.count).copyMemory(from: source, byteCount: b.count)
  }

  /// Appends zero bytes until ``count`` is a multiple of 8.
  @inlinable
  public mutating func padTo8() {
    let missing = -count & 7
    if missing > 0 {
      appendUninitialized(missing).initializeMemory(as: UInt8.self, repeating: 0, count: missing)
    }
  }

  /// Overwrites the bytes at `offset` with `v` in little-endian order, for a length that is known
  /// only after the content has been written.
  @inlinable
  public mutating func patch<T: FixedWidthInteger & BitwiseCopyable>(_ v: T, at offset: Int) {
    precondition(
      offset >= 0 && offset <= count - MemoryLayout<T>.size, "a patch must lie inside what has been written")
    base.unsafelyUnwrapped.storeBytes(of: v, toByteOffset: offset, as: T.self)
  }

  /// Removes everything after the first `length` bytes. Keeps the memory.
  @inlinable
  public mutating func truncate(to length: Int) {
    precondition(length >= 0 && length <= count, "cannot truncate to more than has been written")
    written = length
  }

  /// Removes all bytes. Keeps the memory.
  @inlinable
  public mutating func removeAll() {
    written = 0
    depth = 0
  }

  /// The bytes that have been written, valid until the next call of a mutating method.
  @inlinable
  public var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: base, count: count)
  }

  /// Transfers the memory to the caller, which must `deallocate()` the pointer, or keep the owner
  /// if there is one.
  ///
  /// - Returns: the memory and the number of bytes that have been written; `nil` if nothing was
  ///   allocated.
  package consuming func release() -> (base: UnsafeMutableRawPointer, count: Int, owner: AnyObject?)? {
    guard let memory = base else { return nil }
    let length = written
    let memoryOwner = owner
    // Otherwise `deinit` would deallocate the memory.
    base = nil
    return (memory, length, memoryOwner)
  }
}

extension WireWriter {
  /// Notes that a container is opened. Call it in the `encode(into:)` of a type that can contain
  /// itself.
  ///
  /// - Throws: ``WireError/tooDeep(limit:)``, if the value would exhaust the stack or would be
  ///   rejected by the receiver.
  @inlinable
  public mutating func descend() throws(WireError) {
    try Nesting.check(depth)
    depth &+= 1
  }

  /// Notes that a container that ``descend()`` opened is complete.
  @inlinable
  public mutating func ascend() {
    depth &-= 1
  }
}

/// The arithmetic of variable-length integers.
public enum WireVarint {
  /// The maximum number of bytes of a varint: 64 bits in groups of 7.
  public static let maximumLength = 10

  /// Maps 0, −1, 1, −2, … to 0, 1, 2, 3, …
  @inlinable
  public static func zigzag(_ v: Int64) -> UInt64 {
    UInt64(bitPattern: (v << 1) ^ (v >> 63))
  }

  /// The inverse of ``zigzag(_:)``.
  @inlinable
  public static func unzigzag(_ v: UInt64) -> Int64 {
    Int64(bitPattern: v >> 1) ^ -Int64(bitPattern: v & 1)
  }
}

/// A cursor over bytes that it does not own, which never reads outside them.
///
/// A length that the bytes contain is checked against the remaining bytes before anything is
/// allocated or read. The caller guarantees that the bytes outlive the reader.
///
///     var reader = WireReader(bytes)
///     let id = try reader.readFixed(UInt32.self)
///     let size = try reader.readVarint()
@frozen
public struct WireReader {
  @usableFromInline let base: UnsafeRawPointer?
  @usableFromInline let end: Int
  @usableFromInline var position: Int
  @usableFromInline var depth: Int
  /// The number of bytes that may still be reserved for elements before they have been read.
  @usableFromInline var reservable: Int

  /// Creates a reader at the start of `bytes`.
  @inlinable
  public init(_ bytes: UnsafeRawBufferPointer) {
    base = bytes.baseAddress
    end = bytes.count
    position = 0
    depth = 0
    reservable = Reservation.limit(bytes.count)
  }

  /// The number of bytes that have not been read.
  @inlinable
  public var remaining: Int { end &- position }

  /// The number of bytes that have been read.
  @inlinable
  public var offset: Int { position }

  @usableFromInline
  @inline(never)
  func truncated(_ needed: Int) -> WireError {
    .truncated(needed: needed, remaining: remaining, offset: position)
  }

  /// Reads a number of fixed width, least significant byte first.
  ///
  /// - Throws: ``WireError/truncated(needed:remaining:offset:)``.
  @inlinable
  public mutating func readFixed<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type) throws(WireError) -> T {
    guard remaining >= MemoryLayout<T>.size else { throw truncated(MemoryLayout<T>.size) }
    // Safety: there are remaining bytes, so they have an address.
    let v = base.unsafelyUnwrapped.loadUnaligned(fromByteOffset: position, as: T.self)
    position &+= MemoryLayout<T>.size
    return v
  }

  /// Reads one byte.
  ///
  /// - Throws: ``WireError/truncated(needed:remaining:offset:)``.
  @inlinable
  public mutating func readByte() throws(WireError) -> UInt8 {
    try readFixed(UInt8.self)
  }

  /// Reads a number of 1 to 10 bytes of 7 bits each, the low ones first (LEB128).
  ///
  /// - Throws: ``WireError``, if the bytes end within the number or if it exceeds 64 bits.
  @inlinable
  public mutating func readVarint() throws(WireError) -> UInt64 {
    guard position < end else { throw truncated(1) }
    let first = base.unsafelyUnwrapped.load(fromByteOffset: position, as: UInt8.self)
    if first < 0x80 {
      position &+= 1
      return UInt64(first)
    }
    return try readLongVarint()
  }

  @usableFromInline
  mutating func readLongVarint() throws(WireError) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let byte = try readFixed(UInt8.self)
      // The tenth byte holds only the 64th bit.
      if shift == 63 && byte > 1 {
        throw .malformed("an integer of more than 64 bits", offset: position)
      }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
  }

  /// Reads a number that ``WireWriter/writeSignedVarint(_:)`` wrote.
  ///
  /// - Throws: as ``readVarint()``.
  @inlinable
  public mutating func readSignedVarint() throws(WireError) -> Int64 {
    WireVarint.unzigzag(try readVarint())
  }

  /// Returns the next `n` bytes without copying them. The result is valid as long as the bytes of
  /// the reader.
  ///
  /// - Throws: ``WireError/truncated(needed:remaining:offset:)``, also for a negative `n`.
  @inlinable
  public mutating func readBytes(_ n: Int) throws(WireError) -> UnsafeRawBufferPointer {
    guard n >= 0, n <= remaining else { throw truncated(n) }
    guard n > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
    let taken = UnsafeRawBufferPointer(start: base.unsafelyUnwrapped + position, count: n)
    position &+= n
    return taken
  }

  /// Reads the number of elements that follow, as a varint, and checks that the remaining bytes can
  /// hold them.
  ///
  /// - Parameter minimumBytesEach: the minimum encoded size of an element; at least 1, because with
  ///   empty elements a message of ten bytes could request any amount of memory.
  /// - Throws: ``WireError/tooLong(count:remaining:offset:)``, or as ``readVarint()``.
  @inlinable
  public mutating func readCount(minimumBytesEach: Int) throws(WireError) -> Int {
    precondition(minimumBytesEach >= 1, "an element takes at least one byte")
    let announced = try readVarint()
    guard announced <= UInt64(remaining / minimumBytesEach) else {
      throw .tooLong(count: announced, remaining: remaining, offset: position)
    }
    return Int(announced)
  }

  /// The number of elements, of `count` announced ones, for which memory may be reserved before
  /// they have been read.
  @inlinable
  mutating func reservation<Element>(for count: Int, of _: Element.Type) -> Int {
    Reservation.take(count, of: Element.self, from: &reservable)
  }

  /// Checks that everything has been read.
  ///
  /// - Throws: ``WireError/trailingBytes(_:offset:)``.
  @inlinable
  public func finish() throws(WireError) {
    guard position == end else { throw .trailingBytes(remaining, offset: position) }
  }
}

extension WireReader {
  /// Notes that a container is opened. Call it in the `decode(from:)` of a type that can contain
  /// itself.
  ///
  /// - Throws: ``WireError/tooDeep(limit:)``, before a malicious message can exhaust the stack.
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

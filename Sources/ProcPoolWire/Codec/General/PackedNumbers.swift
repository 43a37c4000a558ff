// Arrays of numbers as one block of memory. Integers of 32 and 64 bits are written in the narrowest
// width that holds all of them. Finding the width costs a tenth of the time that a pipe needs for
// the saved bytes, and ends at the first thousand elements that need the full width.

extension PackedKind {
  /// The kind of numbers of `type`, if it is a number type of the standard library.
  static func of<T>(_ type: T.Type) -> PackedKind? {
    if type == Int.self || type == Int64.self { return .int64 }
    if type == Double.self { return .double }
    if type == Float.self { return .float }
    if type == UInt8.self { return .uint8 }
    if type == Int32.self { return .int32 }
    if type == UInt.self || type == UInt64.self { return .uint64 }
    if type == UInt32.self { return .uint32 }
    if type == Int8.self { return .int8 }
    if type == Int16.self { return .int16 }
    if type == UInt16.self { return .uint16 }
    return nil
  }

  /// The kind of integers with a signedness and a size in bytes.
  static func integer(signed: Bool, size: Int) -> PackedKind {
    // Safety: every size of 1, 2, 4 or 8 has a signed and an unsigned case.
    PackedKind(rawValue: UInt8(size) | (signed ? 0 : 0x10)).unsafelyUnwrapped
  }
}

enum PackedNumbers {
  /// The smallest size in bytes, of 1, 2, 4 and 8, that holds every element.
  static func narrowestSize<T: FixedWidthInteger & BitwiseCopyable>(_ elements: UnsafeBufferPointer<T>) -> Int
  {
    var start = 0
    var union: T = 0
    while start < elements.count {
      // 1024 elements: enough for vector instructions, and few enough to stop early.
      let end = min(start + 1024, elements.count)
      // A negative number needs as many bits as its complement; or-ing keeps the longest.
      for i in start..<end { union |= elements[i] ^ (elements[i] >> (T.bitWidth - 1)) }
      if size(of: union) == MemoryLayout<T>.size { return MemoryLayout<T>.size }
      start = end
    }
    return size(of: union)
  }

  private static func size<T: FixedWidthInteger>(of union: T) -> Int {
    // For signed numbers `union` is not negative, and one more bit holds the sign.
    let sign = T.isSigned ? 1 : 0
    // For unsigned ones the shift above took the top bit itself down to bit 0, which changes no
    // length but that of numbers with the top bit, which need the full width anyway.
    let bits = T.bitWidth - union.leadingZeroBitCount + sign
    return bits <= 8 ? 1 : bits <= 16 ? 2 : bits <= 32 ? 4 : 8
  }

  /// Appends kind, count and elements, in the narrowest width.
  static func write<T: FixedWidthInteger & BitwiseCopyable>(
    _ elements: UnsafeBufferPointer<T>, into writer: inout WireWriter
  ) {
    let size = narrowestSize(elements)
    writer.reserve(1 + WireVarint.maximumLength + elements.count * size)
    writer.writeByte(PackedKind.integer(signed: T.isSigned, size: size).rawValue)
    writer.writeVarint(UInt64(elements.count))
    let place = writer.appendUninitialized(elements.count * size)
    switch size {
    case MemoryLayout<T>.size:
      let block = UnsafeMutableRawBufferPointer(start: place, count: elements.count * size)
      block.copyMemory(from: UnsafeRawBufferPointer(elements))
    case 1: narrow(elements, to: place, as: UInt8.self)
    case 2: narrow(elements, to: place, as: UInt16.self)
    default: narrow(elements, to: place, as: UInt32.self)
    }
  }

  private static func narrow<T: FixedWidthInteger & BitwiseCopyable, N: FixedWidthInteger & BitwiseCopyable>(
    _ elements: UnsafeBufferPointer<T>, to place: UnsafeMutableRawPointer, as _: N.Type
  ) {
    for i in 0..<elements.count {
      place.storeBytes(
        of: N(truncatingIfNeeded: elements[i]), toByteOffset: i &* MemoryLayout<N>.size, as: N.self)
    }
  }

  /// Reads elements that ``write(_:into:)`` wrote.
  static func read<T: FixedWidthInteger & BitwiseCopyable>(
    from reader: inout WireReader
  ) throws(WireError) -> [T] {
    guard let kind = PackedKind(rawValue: try reader.readByte()) else {
      throw .malformed("an array of an unknown kind of numbers", offset: reader.offset)
    }
    let count = try reader.readCount(minimumBytesEach: kind.size)
    let bytes = try reader.readBytes(count * kind.size)
    guard let elements: [T] = integers(bytes, kind) else {
      throw .malformed("an array of numbers that do not fit \(T.self)", offset: reader.offset)
    }
    return elements
  }

  /// The integers in `bytes`; `nil` if they are not integers or one of them does not fit `T`.
  static func integers<T: FixedWidthInteger & BitwiseCopyable>(
    _ bytes: UnsafeRawBufferPointer, _ kind: PackedKind
  ) -> [T]? {
    switch kind {
    case .int8: widen(bytes, from: Int8.self)
    case .int16: widen(bytes, from: Int16.self)
    case .int32: widen(bytes, from: Int32.self)
    case .int64: widen(bytes, from: Int64.self)
    case .uint8: widen(bytes, from: UInt8.self)
    case .uint16: widen(bytes, from: UInt16.self)
    case .uint32: widen(bytes, from: UInt32.self)
    case .uint64: widen(bytes, from: UInt64.self)
    case .float, .double: nil
    }
  }

  private static func widen<T: FixedWidthInteger & BitwiseCopyable, N: FixedWidthInteger & BitwiseCopyable>(
    _ bytes: UnsafeRawBufferPointer, from _: N.Type
  ) -> [T]? {
    let count = bytes.count / MemoryLayout<N>.size
    guard let base = bytes.baseAddress, count > 0 else { return [] }
    var unfit: Bool = false
    let elements = [T](unsafeUninitializedCapacity: count) { storage, initialized in
      if N.isSigned == T.isSigned && N.bitWidth == T.bitWidth {
        UnsafeMutableRawBufferPointer(storage).copyIntoFresh(bytes)
      } else {
        for i in 0..<count {
          let number = base.loadUnaligned(fromByteOffset: i &* MemoryLayout<N>.size, as: N.self)
          let same = T(truncatingIfNeeded: number)
          storage[i] = same
          // Folds to nothing where every N is a T.
          unfit = unfit || same != number
        }
      }
      initialized = count
    }
    return unfit ? nil : elements
  }
}

// A block in a general message and an array of a `WireCodable` type have the same bytes, apart from
// the tag.

extension Int {
  /// Appends kind, count and the elements in the narrowest width that holds all of them.
  public static func encodeArray(_ elements: UnsafeBufferPointer<Int>, into writer: inout WireWriter) {
    PackedNumbers.write(elements, into: &writer)
  }

  /// Reads numbers of any width that fit.
  public static func decodeArray(from reader: inout WireReader) throws(WireError) -> [Int] {
    try PackedNumbers.read(from: &reader)
  }
}

extension Int64 {
  /// Appends kind, count and the elements in the narrowest width that holds all of them.
  public static func encodeArray(_ elements: UnsafeBufferPointer<Int64>, into writer: inout WireWriter) {
    PackedNumbers.write(elements, into: &writer)
  }

  /// Reads numbers of any width that fit.
  public static func decodeArray(from reader: inout WireReader) throws(WireError) -> [Int64] {
    try PackedNumbers.read(from: &reader)
  }
}

extension Int32 {
  /// Appends kind, count and the elements in the narrowest width that holds all of them.
  public static func encodeArray(_ elements: UnsafeBufferPointer<Int32>, into writer: inout WireWriter) {
    PackedNumbers.write(elements, into: &writer)
  }

  /// Reads numbers of any width that fit.
  public static func decodeArray(from reader: inout WireReader) throws(WireError) -> [Int32] {
    try PackedNumbers.read(from: &reader)
  }
}

extension UInt {
  /// Appends kind, count and the elements in the narrowest width that holds all of them.
  public static func encodeArray(_ elements: UnsafeBufferPointer<UInt>, into writer: inout WireWriter) {
    PackedNumbers.write(elements, into: &writer)
  }

  /// Reads numbers of any width that fit.
  public static func decodeArray(from reader: inout WireReader) throws(WireError) -> [UInt] {
    try PackedNumbers.read(from: &reader)
  }
}

extension UInt64 {
  /// Appends kind, count and the elements in the narrowest width that holds all of them.
  public static func encodeArray(_ elements: UnsafeBufferPointer<UInt64>, into writer: inout WireWriter) {
    PackedNumbers.write(elements, into: &writer)
  }

  /// Reads numbers of any width that fit.
  public static func decodeArray(from reader: inout WireReader) throws(WireError) -> [UInt64] {
    try PackedNumbers.read(from: &reader)
  }
}

extension UInt32 {
  /// Appends kind, count and the elements in the narrowest width that holds all of them.
  public static func encodeArray(_ elements: UnsafeBufferPointer<UInt32>, into writer: inout WireWriter) {
    PackedNumbers.write(elements, into: &writer)
  }

  /// Reads numbers of any width that fit.
  public static func decodeArray(from reader: inout WireReader) throws(WireError) -> [UInt32] {
    try PackedNumbers.read(from: &reader)
  }
}

// Numbers that are never narrowed: the same as the default, specialised for the type.

extension Double {
  /// Reads a count, and the elements as one block.
  public static func decodeArray(from reader: inout WireReader) throws(WireError) -> [Double] {
    try block(from: &reader)
  }
}

extension Float {
  /// Reads a count, and the elements as one block.
  public static func decodeArray(from reader: inout WireReader) throws(WireError) -> [Float] {
    try block(from: &reader)
  }
}

extension UInt8 {
  /// Reads a count, and the elements as one block.
  public static func decodeArray(from reader: inout WireReader) throws(WireError) -> [UInt8] {
    try block(from: &reader)
  }
}

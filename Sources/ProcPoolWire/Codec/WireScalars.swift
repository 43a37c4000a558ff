// How the standard library's single values cross the wire on the fast path: numbers as their memory, text as
// its length and its UTF-8.

extension Int: WireBlock {}
extension Int8: WireBlock {}
extension Int16: WireBlock {}
extension Int32: WireBlock {}
extension Int64: WireBlock {}
extension Int128: WireBlock {}
extension UInt: WireBlock {}
extension UInt8: WireBlock {}
extension UInt16: WireBlock {}
extension UInt32: WireBlock {}
extension UInt64: WireBlock {}
extension UInt128: WireBlock {}
extension Float: WireBlock {}
extension Double: WireBlock {}
#if !((os(macOS) || targetEnvironment(macCatalyst)) && arch(x86_64))
  extension Float16: WireBlock {}
#endif

extension Bool: WireCodable {
  /// Appends one byte, 0 or 1.
  @inlinable
  public func encode(into writer: inout WireWriter) {
    writer.writeByte(self ? 1 : 0)
  }

  /// Reads one byte.
  ///
  /// - Throws: ``WireError``, for every byte but 0 and 1 too.
  @inlinable
  public static func decode(from reader: inout WireReader) throws(WireError) -> Bool {
    let byte = try reader.readByte()
    guard byte <= 1 else { throw .malformed("a Bool that is neither 0 nor 1", offset: reader.offset) }
    return byte == 1
  }
}

extension String: WireCodable {
  /// Appends the length in bytes and the text in UTF-8.
  @inlinable
  public func encode(into writer: inout WireWriter) {
    var text = self
    text.withUTF8 { utf8 in
      writer.writeVarint(UInt64(utf8.count))
      writer.writeBytes(UnsafeRawBufferPointer(utf8))
    }
  }

  /// Reads a length and that much text.
  ///
  /// - Throws: ``WireError``, for text that is not valid UTF-8 too.
  @inlinable
  public static func decode(from reader: inout WireReader) throws(WireError) -> String {
    let length = try reader.readCount(minimumBytesEach: 1)
    return try String(validating: try reader.readBytes(length), offset: reader.offset)
  }

  /// The text of `utf8`, which ended at `offset` in its message.
  @usableFromInline
  init(validating utf8: UnsafeRawBufferPointer, offset: Int) throws(WireError) {
    let units = utf8.assumingMemoryBound(to: UInt8.self)
    if Self.isASCII(utf8) {
      self = String(decoding: units, as: UTF8.self)
    } else if let text = String(validating: units, as: UTF8.self) {
      self = text
    } else {
      throw .malformed("text that is not valid UTF-8", offset: offset)
    }
  }

  /// Whether no byte has its top bit set. Text that passes needs no other validation, whose generic form in
  /// the standard library takes 80 ns for the shortest.
  private static func isASCII(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var union: UInt64 = 0
    var position = 0
    while position + 8 <= bytes.count {
      union |= bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)
      position += 8
    }
    while position < bytes.count {
      union |= UInt64(bytes[position])
      position += 1
    }
    return union & 0x8080_8080_8080_8080 == 0
  }
}

extension Substring: WireCodable {
  /// Appends the text as a `String` would.
  @inlinable
  public func encode(into writer: inout WireWriter) {
    String(self).encode(into: &writer)
  }

  /// Reads what a `String` would.
  @inlinable
  public static func decode(from reader: inout WireReader) throws(WireError) -> Substring {
    Substring(try String.decode(from: &reader))
  }
}

extension Character: WireCodable {
  /// Appends the character as a `String` would.
  @inlinable
  public func encode(into writer: inout WireWriter) {
    String(self).encode(into: &writer)
  }

  /// Reads a text of one character.
  ///
  /// - Throws: ``WireError``, for a text of any other length too.
  @inlinable
  public static func decode(from reader: inout WireReader) throws(WireError) -> Character {
    let text = try String.decode(from: &reader)
    guard let first = text.first, text.index(after: text.startIndex) == text.endIndex else {
      throw .malformed("a Character that is not one character", offset: reader.offset)
    }
    return first
  }
}

extension Duration: WireCodable {
  /// The attoseconds that `Duration.components` can express: it traps beyond 64 bits of seconds.
  @usableFromInline
  static var expressible: ClosedRange<Int128> {
    let second: Int128 = 1_000_000_000_000_000_000
    return Int128(Int64.min) * second...Int128(Int64.max) * second
  }

  /// Appends the attoseconds in 16 bytes.
  ///
  /// - Throws: ``WireError``, for a duration of more seconds than an `Int64` holds.
  @inlinable
  public func encode(into writer: inout WireWriter) throws(WireError) {
    guard Self.expressible.contains(attoseconds) else {
      throw .malformed("a Duration of more than 2^63 seconds", offset: writer.count)
    }
    writer.writeFixed(attoseconds)
  }

  /// Reads attoseconds.
  ///
  /// - Throws: ``WireError``, for a duration of more seconds than an `Int64` holds too.
  @inlinable
  public static func decode(from reader: inout WireReader) throws(WireError) -> Duration {
    let attoseconds = try reader.readFixed(Int128.self)
    guard expressible.contains(attoseconds) else {
      throw .malformed("a Duration of more than 2^63 seconds", offset: reader.offset)
    }
    return Duration(attoseconds: attoseconds)
  }
}

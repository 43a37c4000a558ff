// The encoding of the standard library's single values: numbers as their memory, text as its length
// and its UTF-8.

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
  /// - Throws: ``WireError``, also for a byte other than 0 and 1.
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

  /// Reads a length in bytes and text in UTF-8.
  ///
  /// - Throws: ``WireError``, also for invalid UTF-8.
  @inlinable
  public static func decode(from reader: inout WireReader) throws(WireError) -> String {
    let length = try reader.readCount(minimumBytesEach: 1)
    return try String(validating: try reader.readBytes(length), offset: reader.offset)
  }

  /// Creates a string from `utf8`, which ends at `offset` in its message.
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

  /// Whether no byte has its top bit set. ASCII needs no further validation, for which the standard
  /// library takes at least 80 ns.
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
  /// Appends the text in the form of a `String`.
  @inlinable
  public func encode(into writer: inout WireWriter) {
    String(self).encode(into: &writer)
  }

  /// Reads text in the form of a `String`.
  ///
  /// - Throws: ``WireError``, also for invalid UTF-8.
  @inlinable
  public static func decode(from reader: inout WireReader) throws(WireError) -> Substring {
    Substring(try String.decode(from: &reader))
  }
}

extension Character: WireCodable {
  /// Appends the character in the form of a `String`.
  @inlinable
  public func encode(into writer: inout WireWriter) {
    String(self).encode(into: &writer)
  }

  /// Reads text that consists of one character.
  ///
  /// - Throws: ``WireError``, also for text of another length.
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
  /// The range of attoseconds that `Duration.components` can represent; it traps if the seconds
  /// exceed 64 bits.
  @usableFromInline
  static var expressible: ClosedRange<Int128> {
    let second: Int128 = 1_000_000_000_000_000_000
    return Int128(Int64.min) * second...Int128(Int64.max) * second
  }

  /// Appends the attoseconds in 16 bytes.
  ///
  /// - Throws: ``WireError``, if the seconds exceed an `Int64`.
  @inlinable
  public func encode(into writer: inout WireWriter) throws(WireError) {
    guard Self.expressible.contains(attoseconds) else {
      throw .malformed("a Duration of more than 2^63 seconds", offset: writer.count)
    }
    writer.writeFixed(attoseconds)
  }

  /// Reads attoseconds.
  ///
  /// - Throws: ``WireError``, also if the seconds exceed an `Int64`.
  @inlinable
  public static func decode(from reader: inout WireReader) throws(WireError) -> Duration {
    let attoseconds = try reader.readFixed(Int128.self)
    guard expressible.contains(attoseconds) else {
      throw .malformed("a Duration of more than 2^63 seconds", offset: reader.offset)
    }
    return Duration(attoseconds: attoseconds)
  }
}

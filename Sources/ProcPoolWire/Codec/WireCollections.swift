// The encoding of collections of `WireCodable` values. Counts are checked against the remaining
// bytes, and memory for elements that have not been read is reserved only in proportion to these
// bytes.

extension Optional: WireCodable where Wrapped: WireCodable {
  /// Appends one byte, 0 or 1, and then the value if there is one.
  ///
  /// - Throws: ``WireError/tooDeep(limit:)``, or the error that encoding the value throws.
  @inlinable
  public func encode(into writer: inout WireWriter) throws {
    guard let value = self else { return writer.writeByte(0) }
    writer.writeByte(1)
    try writer.descend()
    defer { writer.ascend() }
    try value.encode(into: &writer)
  }

  /// Reads one byte, and then the value if there is one.
  ///
  /// - Throws: ``WireError``, or the error that decoding the value throws.
  @inlinable
  public static func decode(from reader: inout WireReader) throws -> Wrapped? {
    guard try Bool.decode(from: &reader) else { return nil }
    try reader.descend()
    defer { reader.ascend() }
    return try Wrapped.decode(from: &reader)
  }
}

extension Array: WireCodable where Element: WireCodable {
  /// Appends the elements as `Element.encodeArray` does: as one block if they are ``WireBlock``.
  ///
  /// - Throws: the error that encoding an element throws.
  /// - Complexity: O(*n*).
  @inlinable
  public func encode(into writer: inout WireWriter) throws {
    try withUnsafeBufferPointer { try Element.encodeArray($0, into: &writer) }
  }

  /// Reads elements as `Element.decodeArray` does.
  ///
  /// - Throws: ``WireError``, or the error that decoding an element throws.
  /// - Complexity: O(*n*).
  @inlinable
  public static func decode(from reader: inout WireReader) throws -> [Element] {
    try Element.decodeArray(from: &reader)
  }
}

extension ArraySlice: WireCodable where Element: WireCodable {
  /// Appends the elements in the form of an array.
  ///
  /// - Throws: the error that encoding an element throws.
  /// - Complexity: O(*n*).
  @inlinable
  public func encode(into writer: inout WireWriter) throws {
    try withUnsafeBufferPointer { try Element.encodeArray($0, into: &writer) }
  }

  /// Reads an array. The slice starts at index 0.
  ///
  /// - Throws: ``WireError``, or the error that decoding an element throws.
  /// - Complexity: O(*n*).
  @inlinable
  public static func decode(from reader: inout WireReader) throws -> ArraySlice<Element> {
    ArraySlice(try Element.decodeArray(from: &reader))
  }
}

extension ContiguousArray: WireCodable where Element: WireCodable {
  /// Appends the elements in the form of an array.
  ///
  /// - Throws: the error that encoding an element throws.
  /// - Complexity: O(*n*).
  @inlinable
  public func encode(into writer: inout WireWriter) throws {
    try withUnsafeBufferPointer { try Element.encodeArray($0, into: &writer) }
  }

  /// Reads an array.
  ///
  /// - Throws: ``WireError``, or the error that decoding an element throws.
  /// - Complexity: O(*n*).
  @inlinable
  public static func decode(from reader: inout WireReader) throws -> ContiguousArray<Element> {
    ContiguousArray(try Element.decodeArray(from: &reader))
  }
}

extension Set: WireCodable where Element: WireCodable {
  /// Appends the count and the elements, in the iteration order of the set.
  ///
  /// - Throws: the error that encoding an element throws.
  /// - Complexity: O(*n*).
  @inlinable
  public func encode(into writer: inout WireWriter) throws {
    try Array(self).encode(into: &writer)
  }

  /// Reads elements. Repeated elements are ignored.
  ///
  /// - Throws: ``WireError``, or the error that decoding an element throws.
  /// - Complexity: O(*n*) on average.
  @inlinable
  public static func decode(from reader: inout WireReader) throws -> Set<Element> {
    Set(try Element.decodeArray(from: &reader))
  }
}

extension Dictionary: WireCodable where Key: WireCodable, Value: WireCodable {
  /// Appends the count, and each key with its value, in the iteration order of the dictionary.
  ///
  /// - Throws: ``WireError/tooDeep(limit:)``, or the error that encoding a key or a value throws.
  /// - Complexity: O(*n*).
  @inlinable
  public func encode(into writer: inout WireWriter) throws {
    writer.writeVarint(UInt64(count))
    try writer.descend()
    defer { writer.ascend() }
    for (key, value) in self {
      let start = writer.count
      try key.encode(into: &writer)
      try value.encode(into: &writer)
      if writer.count == start { writer.writeByte(0) }
    }
  }

  /// Reads a count, and each key with its value.
  ///
  /// - Throws: ``WireError``, also for a repeated key, or the error that decoding a key or a value
  ///   throws.
  /// - Complexity: O(*n*) on average.
  @_specialize(where Key == String, Value == String)
  @_specialize(where Key == String, Value == Int)
  @_specialize(where Key == String, Value == Double)
  @_specialize(where Key == Int, Value == Int)
  @_specialize(where Key == Int, Value == Double)
  @inlinable
  public static func decode(from reader: inout WireReader) throws -> [Key: Value] {
    // Specialised for common types because codecs are resolved at run time: hashing through
    // witnesses would otherwise take half of the time.
    let count = try reader.readCount(minimumBytesEach: 1)
    try reader.descend()
    defer { reader.ascend() }
    var result = [Key: Value](minimumCapacity: reader.reservation(for: count, of: (Key, Value).self))
    for _ in 0..<count {
      let start = reader.offset
      let key = try Key.decode(from: &reader)
      guard result.updateValue(try Value.decode(from: &reader), forKey: key) == nil else {
        throw WireError.malformed("a dictionary with the same key twice", offset: reader.offset)
      }
      if reader.offset == start { _ = try reader.readByte() }
    }
    return result
  }
}

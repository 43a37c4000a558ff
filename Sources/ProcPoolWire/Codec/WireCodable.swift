/// A type that encodes and decodes itself without the containers of `Codable`.
///
/// `Codable` types need no further conformance. A type that is sent often can also conform to this
/// protocol, and is then encoded about ten times faster wherever it appears: as an item, as a
/// property of another type, or in an array. The protocol neither refines nor replaces `Codable`,
/// which the verbs of a pool require.
///
///     struct Particle: Codable { var mass: Double; var name: String }
///
///     extension Particle: WireCodable {
///       func encode(into writer: inout WireWriter) {
///         mass.encode(into: &writer)
///         name.encode(into: &writer)
///       }
///       static func decode(from reader: inout WireReader) throws -> Particle {
///         Particle(mass: try .decode(from: &reader), name: try .decode(from: &reader))
///       }
///     }
///
/// A type of numbers without references conforms to ``WireBlock`` instead, with no code at all.
///
/// The encoded form contains neither names nor types, so both sides must be built from the same
/// source. A pool whose workers are the program itself checks that; rebuild a dedicated worker
/// executable together with the program. A type that can contain itself calls `descend()` and
/// `ascend()` of the writer and the reader.
public protocol WireCodable {
  /// Appends this value.
  ///
  /// - Throws: an error if the value cannot be encoded. The bytes that were appended before are
  ///   discarded.
  func encode(into writer: inout WireWriter) throws

  /// Reads one value, consuming exactly the bytes that `encode(into:)` appended. Must not trap,
  /// whatever the bytes are.
  ///
  /// - Throws: ``WireError``, or an error of the type's own.
  static func decode(from reader: inout WireReader) throws -> Self

  /// Appends an array of values. The default implementation writes the count and then each value.
  /// ``WireBlock`` types write one block.
  ///
  /// - Throws: an error if a value cannot be encoded.
  static func encodeArray(_ elements: UnsafeBufferPointer<Self>, into writer: inout WireWriter) throws

  /// Reads an array that ``encodeArray(_:into:)`` wrote. Must not trap, whatever the bytes are.
  ///
  /// - Throws: ``WireError``, or an error of the type's own.
  static func decodeArray(from reader: inout WireReader) throws -> [Self]
}

extension WireCodable {
  /// Writes the count and then each element.
  ///
  /// An element that writes nothing is encoded as one zero byte, so that no message can announce
  /// more elements than it has bytes.
  ///
  /// - Throws: ``WireError/tooDeep(limit:)``, or the error that encoding an element throws.
  /// - Complexity: O(*n*).
  @inlinable
  public static func encodeArray(
    _ elements: UnsafeBufferPointer<Self>, into writer: inout WireWriter
  ) throws {
    writer.writeVarint(UInt64(elements.count))
    try writer.descend()
    defer { writer.ascend() }
    for element in elements {
      let start = writer.count
      try element.encode(into: &writer)
      if writer.count == start { writer.writeByte(0) }
    }
  }

  /// Reads a count and then each element.
  ///
  /// - Throws: ``WireError``, or the error that decoding an element throws.
  /// - Complexity: O(*n*).
  @inlinable
  public static func decodeArray(from reader: inout WireReader) throws -> [Self] {
    let count = try reader.readCount(minimumBytesEach: 1)
    try reader.descend()
    defer { reader.ascend() }
    var elements: [Self] = []
    elements.reserveCapacity(reader.reservation(for: count, of: Self.self))
    for _ in 0..<count {
      let start = reader.offset
      elements.append(try decode(from: &reader))
      if reader.offset == start { _ = try reader.readByte() }
    }
    return elements
  }
}

/// A type that writes and reads itself, past the machinery of `Codable`.
///
/// `Codable` types work as they are. A type that is sent often can conform to this protocol as well and is
/// then encoded some ten times faster, wherever it appears: as an item, as a property of another type, in an
/// array. The protocol does not refine `Codable`, and does not replace it: the pool's verbs ask for
/// `Codable`.
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
/// A type of fixed size without references conforms to ``WireBlock`` instead, and writes nothing at all.
///
/// What is written carries no names and no types: both sides must be built from the same source. A pool whose
/// workers are the program itself checks that; a worker executable of its own has to be rebuilt together with
/// the program. A type that can contain itself calls `descend()` and `ascend()` of writer and reader.
public protocol WireCodable {
  /// Appends this value.
  ///
  /// - Throws: whatever makes the value impossible to send; what was appended before is discarded.
  func encode(into writer: inout WireWriter) throws

  /// Reads one value, and exactly the bytes that `encode(into:)` appended.
  ///
  /// - Throws: `WireError` or an error of the type's own. Must not trap, whatever the bytes are.
  static func decode(from reader: inout WireReader) throws -> Self

  /// Appends an array of values. The default writes the count and then each value; types that lie in memory
  /// as they do in the message write one block.
  static func encodeArray(_ elements: UnsafeBufferPointer<Self>, into writer: inout WireWriter) throws

  /// Reads what ``encodeArray(_:into:)`` wrote.
  static func decodeArray(from reader: inout WireReader) throws -> [Self]
}

extension WireCodable {
  /// Writes the count and then each element.
  ///
  /// An element that writes nothing costs one zero byte, so that no message can announce more elements than
  /// it has bytes.
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

/// A type whose values are moved as they lie in memory: one copy for a whole array.
///
/// All of the standard library's integers, floating-point numbers and SIMD vectors conform. A structure of
/// such fields opts in with an empty conformance:
///
///     struct Particle: Codable { var x, y, z: Float; var charge: Int32 }
///     extension Particle: WireBlock {}
///
/// Conform only if **every** bit pattern of the size is a valid value, which is true of numbers and of
/// structures of numbers, and false of `Bool`, of enumerations and of structures that contain them: the
/// receiver checks the length and nothing else. Bytes of padding travel too.
public protocol WireBlock: BitwiseCopyable, WireCodable {}

extension WireBlock {
  /// How many bytes each value takes, alone or in an array.
  @inlinable
  static var blockStride: Int { MemoryLayout<Self>.stride }

  /// Appends the value's memory.
  @inlinable
  public func encode(into writer: inout WireWriter) {
    let stride = Self.blockStride
    let place = writer.appendUninitialized(stride)
    place.storeBytes(of: self, as: Self.self)
    // The stride may be longer than the value, whose own memory ends at `size`.
    for i in MemoryLayout<Self>.size..<stride { place.storeBytes(of: 0, toByteOffset: i, as: UInt8.self) }
  }

  /// Reads the value's memory.
  @inlinable
  public static func decode(from reader: inout WireReader) throws(WireError) -> Self {
    let bytes = try reader.readBytes(blockStride)
    return bytes.loadUnaligned(as: Self.self)
  }

  /// Appends the count, and the elements as one block.
  @inlinable
  public static func encodeArray(
    _ elements: UnsafeBufferPointer<Self>, into writer: inout WireWriter
  ) {
    writer.reserve(WireVarint.maximumLength + elements.count * blockStride)
    writer.writeVarint(UInt64(elements.count))
    writer.writeBytes(UnsafeRawBufferPointer(elements))
  }

  /// Reads a count, and the elements as one block.
  @inlinable
  public static func decodeArray(from reader: inout WireReader) throws(WireError) -> [Self] {
    try block(from: &reader)
  }

  @inlinable
  static func block(from reader: inout WireReader) throws(WireError) -> [Self] {
    let count = try reader.readCount(minimumBytesEach: blockStride)
    return array(of: try reader.readBytes(count * blockStride))
  }

  /// A new array with a copy of `bytes`, which are a whole number of elements, at any alignment.
  @inlinable
  package static func array(of bytes: UnsafeRawBufferPointer) -> [Self] {
    let count = bytes.count / blockStride
    // Else the count would be written into the one array that all empty ones are, by all threads.
    if count == 0 { return [] }
    return [Self](unsafeUninitializedCapacity: count) { storage, initialized in
      UnsafeMutableRawBufferPointer(storage).copyIntoFresh(bytes)
      initialized = count
    }
  }
}

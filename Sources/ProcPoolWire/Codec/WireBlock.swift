/// A type whose values are encoded as their memory: one copy for a whole array.
///
/// The integers and floating-point numbers of the standard library conform. A structure of such
/// fields opts in with an empty conformance:
///
///     struct Particle: Codable { var x, y, z: Float; var charge: Int32 }
///     extension Particle: WireBlock {}
///
/// Conform only if **every** bit pattern of the size is a valid value. This is true of numbers and
/// of structures of numbers, and false of `Bool`, of enumerations and of structures that contain
/// them. The receiver checks only the length. Padding bytes are also sent.
public protocol WireBlock: BitwiseCopyable, WireCodable {}

extension WireBlock {
  /// The number of bytes of a value, alone or in an array.
  @inlinable
  static var blockStride: Int { MemoryLayout<Self>.stride }

  /// Appends the memory of the value.
  @inlinable
  public func encode(into writer: inout WireWriter) {
    let stride = Self.blockStride
    let place = writer.appendUninitialized(stride)
    place.storeBytes(of: self, as: Self.self)
    // The stride may exceed the size of the value.
    for i in MemoryLayout<Self>.size..<stride { place.storeBytes(of: 0, toByteOffset: i, as: UInt8.self) }
  }

  /// Reads the memory of a value.
  ///
  /// - Throws: ``WireError/truncated(needed:remaining:offset:)``.
  @inlinable
  public static func decode(from reader: inout WireReader) throws(WireError) -> Self {
    let bytes = try reader.readBytes(blockStride)
    return bytes.loadUnaligned(as: Self.self)
  }

  /// Appends the count, and the elements as one block of memory.
  ///
  /// - Complexity: O(*n*), one copy.
  @inlinable
  public static func encodeArray(
    _ elements: UnsafeBufferPointer<Self>, into writer: inout WireWriter
  ) {
    writer.reserve(WireVarint.maximumLength + elements.count * blockStride)
    writer.writeVarint(UInt64(elements.count))
    writer.writeBytes(UnsafeRawBufferPointer(elements))
  }

  /// Reads a count, and the elements as one block of memory.
  ///
  /// - Throws: ``WireError``, if the bytes end too early.
  /// - Complexity: O(*n*), one copy.
  @inlinable
  public static func decodeArray(from reader: inout WireReader) throws(WireError) -> [Self] {
    try block(from: &reader)
  }

  @inlinable
  static func block(from reader: inout WireReader) throws(WireError) -> [Self] {
    let count = try reader.readCount(minimumBytesEach: blockStride)
    return array(of: try reader.readBytes(count * blockStride))
  }

  /// Returns an array with a copy of `bytes`, which are a whole number of elements, at any
  /// alignment.
  @inlinable
  package static func array(of bytes: UnsafeRawBufferPointer) -> [Self] {
    let count = bytes.count / blockStride
    // Otherwise several threads would write the count of the shared empty array.
    if count == 0 { return [] }
    return [Self](unsafeUninitializedCapacity: count) { storage, initialized in
      UnsafeMutableRawBufferPointer(storage).copyIntoFresh(bytes)
      initialized = count
    }
  }
}

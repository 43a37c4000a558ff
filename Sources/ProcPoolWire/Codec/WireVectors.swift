// SIMD vectors are encoded as their memory, and arrays of them as one block. They are not
// `WireBlock`, because the language cannot express that a vector is bitwise copyable if its scalar
// is.

extension SIMD2: WireCodable where Scalar: WireBlock {}
extension SIMD3: WireCodable where Scalar: WireBlock {}
extension SIMD4: WireCodable where Scalar: WireBlock {}
extension SIMD8: WireCodable where Scalar: WireBlock {}
extension SIMD16: WireCodable where Scalar: WireBlock {}
extension SIMD32: WireCodable where Scalar: WireBlock {}
extension SIMD64: WireCodable where Scalar: WireBlock {}

extension SIMD where Self: WireCodable, Scalar: WireBlock {
  /// Appends the memory of the vector.
  public func encode(into writer: inout WireWriter) {
    withUnsafeBytes(of: self) { writer.writeBytes($0) }
  }

  /// Reads the memory of a vector.
  ///
  /// - Throws: ``WireError/truncated(needed:remaining:offset:)``.
  public static func decode(from reader: inout WireReader) throws(WireError) -> Self {
    let bytes = try reader.readBytes(MemoryLayout<Self>.size)
    var vector = Self()
    withUnsafeMutableBytes(of: &vector) { $0.copyMemory(from: bytes) }
    return vector
  }

  /// Appends the count, and the vectors as one block of memory.
  ///
  /// - Complexity: O(*n*), one copy.
  public static func encodeArray(_ elements: UnsafeBufferPointer<Self>, into writer: inout WireWriter) {
    writer.writeVarint(UInt64(elements.count))
    writer.writeBytes(UnsafeRawBufferPointer(elements))
  }

  /// Reads a count, and the vectors as one block of memory.
  ///
  /// - Throws: ``WireError``, if the bytes end too early.
  /// - Complexity: O(*n*), one copy.
  public static func decodeArray(from reader: inout WireReader) throws(WireError) -> [Self] {
    let count = try reader.readCount(minimumBytesEach: MemoryLayout<Self>.stride)
    let bytes = try reader.readBytes(count * MemoryLayout<Self>.stride)
    var vectors = [Self](repeating: Self(), count: count)
    vectors.withUnsafeMutableBytes { $0.copyMemory(from: bytes) }
    return vectors
  }
}

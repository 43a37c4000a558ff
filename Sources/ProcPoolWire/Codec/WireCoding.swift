/// Functions that encode and decode single values, such as a task or an error. Use ``ItemCodec``
/// for many values of one type.
public enum WireCoding {
  private static let encoders = IdleSessions { EncodingSession() }
  private static let decoders = IdleSessions { DecodingSession() }

  /// Encodes `value` by the fastest way that its type supports.
  ///
  /// - Throws: `EncodingError`, or the error that the type's own encoding throws.
  public static func encode<Value: Encodable>(_ value: Value) throws -> [UInt8] {
    var writer = WireWriter()
    try encode(value, into: &writer)
    return [UInt8](writer.bytes)
  }

  /// Appends the encoded `value` to `writer`. The caller must record the length: the form is not
  /// self-delimiting.
  ///
  /// - Throws: as ``encode(_:)``.
  public static func encode<Value: Encodable>(_ value: Value, into writer: inout WireWriter) throws {
    // By the static type, by which the value is decoded, rather than by its dynamic type: a
    // subclass may conform where its base class does not, and a cast of an optional value unwraps
    // it.
    guard let direct = Value.self as? any WireCodable.Type else {
      return try encoders.use { try $0.encode(value, into: &writer) }
    }
    func encode<Direct: WireCodable>(_: Direct.Type) throws {
      // The cast cannot fail: Direct is Value.
      try (value as! Direct).encode(into: &writer)
    }
    try encode(direct)
  }

  /// Decodes the value that consists of all of `bytes`. Never traps, whatever the bytes are.
  ///
  /// - Throws: `DecodingError`, ``WireError``, or the error that the type's own decoding throws.
  public static func decode<Value: Decodable>(
    _ type: Value.Type, from bytes: UnsafeRawBufferPointer
  ) throws -> Value {
    guard let direct = type as? any WireCodable.Type else {
      return try decoders.use { try $0.decode(type, from: bytes) }
    }
    func decode<Direct: WireCodable>(_: Direct.Type) throws -> Value {
      var reader = WireReader(bytes)
      let value = try Direct.decode(from: &reader)
      try reader.finish()
      // The cast cannot fail: Direct is Value.
      return value as! Value
    }
    return try decode(direct)
  }

  /// Decodes the value that consists of all of `bytes`.
  ///
  /// - Throws: as ``decode(_:from:)-(_,UnsafeRawBufferPointer)``.
  public static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
    try bytes.withUnsafeBytes { try decode(type, from: $0) }
  }
}

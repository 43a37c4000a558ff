/// Values to bytes and back, for single values such as a task or an error; use ``ItemCodec`` for many.
public enum WireCoding {
  private static let encoders = IdleSessions { EncodingSession() }
  private static let decoders = IdleSessions { DecodingSession() }

  /// The bytes of `value`, by the fastest way that its type allows.
  ///
  /// - Throws: `EncodingError`, or what the type's own encoding throws.
  public static func encode<Value: Encodable>(_ value: Value) throws -> [UInt8] {
    var writer = WireWriter()
    try encode(value, into: &writer)
    return [UInt8](writer.bytes)
  }

  /// Appends `value` to `writer`; what is appended must be delimited by the caller.
  ///
  /// - Throws: as ``encode(_:)``.
  public static func encode<Value: Encodable>(_ value: Value, into writer: inout WireWriter) throws {
    // By the type that it is decoded as, and not by what the value is: an instance of a subclass may know
    // ways that its base does not, and a cast of an optional value looks inside it.
    guard let direct = Value.self as? any WireCodable.Type else {
      return try encoders.use { try $0.encode(value, into: &writer) }
    }
    func encode<Direct: WireCodable>(_: Direct.Type) throws {
      // Cannot fail, since Direct is Value.
      try (value as! Direct).encode(into: &writer)
    }
    try encode(direct)
  }

  /// The value that all of `bytes` are.
  ///
  /// - Throws: `DecodingError`, ``WireError``, or what the type's own decoding throws.
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
      // Cannot fail, since Direct is Value.
      return value as! Value
    }
    return try decode(direct)
  }

  /// The value that all of `bytes` are.
  ///
  /// - Throws: as ``decode(_:from:)-(_,UnsafeRawBufferPointer)``.
  public static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
    try bytes.withUnsafeBytes { try decode(type, from: $0) }
  }
}

/// The way in which values of one type are decoded from a general message; see ``EncodingStrategy``.
class DecodingStrategy<Value> {
  /// Decodes a value of the message.
  func get(_ value: WireValue, at place: DecodingPlace) throws -> Value {
    fatalError("a decoding way without get")
  }
}

/// Decodes types that this module reads itself, from any container.
final class NativeDecodingWay<Value: NativeDecodable>: DecodingStrategy<Value> {
  override func get(_ value: WireValue, at place: DecodingPlace) throws -> Value {
    try Value.get(value, at: place)
  }
}

/// Decodes arrays from one block of memory.
final class BlockDecodingWay<Value: BlockDecodable>: DecodingStrategy<Value> {
  override func get(_ value: WireValue, at place: DecodingPlace) throws -> Value {
    try Value.getBlock(value, at: place)
  }
}

/// Decodes types that are a block of bytes.
final class BytesDecodingWay<Value: WireBytes>: DecodingStrategy<Value> {
  override func get(_ value: WireValue, at place: DecodingPlace) throws -> Value {
    try place.bytes(value) { Value(wireBytes: $0) }
  }
}

/// Decodes `WireCodable` types from the bytes that they wrote.
final class OpaqueDecodingWay<Value: WireCodable>: DecodingStrategy<Value> {
  override func get(_ value: WireValue, at place: DecodingPlace) throws -> Value {
    do {
      guard let bytes = try place.session.values.opaque(value) else {
        throw place.error(Misfit.kind, Value.self, value)
      }
      var reader = WireReader(bytes)
      let result = try Value.decode(from: &reader)
      try reader.finish()
      return result
    } catch let error as WireError {
      throw place.error(.malformed(error), Value.self, value)
    }
  }
}

/// Decodes other types with their `init(from:)`.
final class GeneralDecodingWay<Value: Decodable>: DecodingStrategy<Value> {
  override func get(_ value: WireValue, at place: DecodingPlace) throws -> Value {
    let node = DecodingNode(session: place.session, value: value, parent: place.parent, step: place.step)
    try node.checkDepth()
    return try Value(from: node)
  }
}

extension DecodingStrategy {
  /// Creates the way of a type, which dynamic casts determine.
  static func find<T: Decodable>(_ type: T.Type) -> AnyObject {
    func native<N: NativeDecodable>(_: N.Type) -> AnyObject { NativeDecodingWay<N>() }
    func block<B: BlockDecodable>(_: B.Type) -> AnyObject { BlockDecodingWay<B>() }
    func bytes<B: WireBytes>(_: B.Type) -> AnyObject { BytesDecodingWay<B>() }
    func opaque<W: WireCodable>(_: W.Type) -> AnyObject { OpaqueDecodingWay<W>() }
    if let type = type as? any BlockDecodable.Type { return block(type) }
    if let type = type as? any NativeDecodable.Type { return native(type) }
    if let type = type as? any WireBytes.Type { return bytes(type) }
    if let type = type as? any WireCodable.Type { return opaque(type) }
    return GeneralDecodingWay<T>()
  }
}

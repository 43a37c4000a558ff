/// The way in which values of one type are encoded in a general message, found once per type by
/// dynamic casts.
///
/// A class per way, generic over the type: using it is one virtual call, while a protocol
/// existential would have to be opened, and the value copied into it.
class EncodingStrategy<Value> {
  /// Writes `value` at the end of the place's writer.
  func put(_ value: Value, at place: EncodingPlace) throws {
    fatalError("an encoding way without put")
  }
}

/// Encodes types that this module writes itself, in a form that every container can read.
final class NativeEncodingWay<Value: NativeEncodable>: EncodingStrategy<Value> {
  override func put(_ value: Value, at place: EncodingPlace) throws {
    try value.put(at: place)
  }
}

/// Encodes arrays as one block of memory.
final class BlockEncodingWay<Value: BlockEncodable>: EncodingStrategy<Value> {
  override func put(_ value: Value, at place: EncodingPlace) {
    value.putBlock(into: &place.out.pointee)
  }
}

/// Encodes types that are a block of bytes.
final class BytesEncodingWay<Value: WireBytes>: EncodingStrategy<Value> {
  override func put(_ value: Value, at place: EncodingPlace) {
    value.withWireBytes { place.out.pointee.writeByteBlock($0) }
  }
}

/// Encodes `WireCodable` types as bytes that only they can read.
final class OpaqueEncodingWay<Value: WireCodable>: EncodingStrategy<Value> {
  override func put(_ value: Value, at place: EncodingPlace) throws {
    let out = place.out
    out.pointee.writeByte(Tag.opaque)
    let start = out.pointee.count
    let depth = out.pointee.depth
    out.pointee.writeByte(0)
    do {
      try value.encode(into: &out.pointee)
    } catch {
      out.pointee.depth = depth
      guard let error = error as? WireError else { throw error }
      // As in `EncodingNode.tooDeep`: a value that is too deep to be encoded cannot be printed.
      let isTooDeep = if case .tooDeep = error { true } else { false }
      throw EncodingError.invalidValue(
        isTooDeep ? Value.self as Any : value,
        .init(codingPath: place.codingPath, debugDescription: error.description, underlyingError: error))
    }
    out.pointee.patchLength(at: start, reserved: 1)
  }
}

/// Encodes other types with their `encode(to:)`.
final class GeneralEncodingWay<Value: Encodable>: EncodingStrategy<Value> {
  override func put(_ value: Value, at place: EncodingPlace) throws {
    let session = place.session
    let node = EncodingNode(session: session, out: place.out, parent: place.parent, step: place.step)
    try node.checkDepth(value)
    let waiting = session.begin(node)
    defer {
      session.turn = waiting
      if node.hasNested { node.abandon() }
    }
    try value.encode(to: node)
    try node.finish(value)
  }
}

extension EncodingStrategy {
  /// Creates the way of a type, which dynamic casts determine.
  static func find<T: Encodable>(_ type: T.Type) -> AnyObject {
    func native<N: NativeEncodable>(_: N.Type) -> AnyObject { NativeEncodingWay<N>() }
    func block<B: BlockEncodable>(_: B.Type) -> AnyObject { BlockEncodingWay<B>() }
    func bytes<B: WireBytes>(_: B.Type) -> AnyObject { BytesEncodingWay<B>() }
    func opaque<W: WireCodable>(_: W.Type) -> AnyObject { OpaqueEncodingWay<W>() }
    if let type = type as? any BlockEncodable.Type { return block(type) }
    if let type = type as? any NativeEncodable.Type { return native(type) }
    if let type = type as? any WireBytes.Type { return bytes(type) }
    if let type = type as? any WireCodable.Type { return opaque(type) }
    return GeneralEncodingWay<T>()
  }
}

/// The place where a value is written, and its key there.
struct EncodingPlace {
  let session: EncodingSession
  let out: UnsafeMutablePointer<WireWriter>
  let parent: EncodingNode?
  let step: PathStep

  var codingPath: [any CodingKey] {
    var path = parent?.codingPath ?? []
    if let key = step.codingKey { path.append(key) }
    return path
  }
}

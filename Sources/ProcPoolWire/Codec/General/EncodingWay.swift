/// How values of one type are encoded inside a general message; found once per type by dynamic casts.
///
/// A class per way, generic over the type itself: calling it is one virtual call, where a protocol
/// existential would have to be opened and the value be copied into it.
class EncodingWay<Value> {
  /// Writes `value` at the end of the place's writer.
  func put(_ value: Value, at place: EncodingPlace) throws {
    fatalError("an encoding way without put")
  }
}

/// By this module, in a form that every container can read.
final class NativeEncodingWay<Value: NativeEncodable>: EncodingWay<Value> {
  override func put(_ value: Value, at place: EncodingPlace) throws {
    try value.put(at: place)
  }
}

/// As one block of memory.
final class BlockEncodingWay<Value: BlockEncodable>: EncodingWay<Value> {
  override func put(_ value: Value, at place: EncodingPlace) {
    value.putBlock(into: &place.out.pointee)
  }
}

/// As a block of bytes.
final class BytesEncodingWay<Value: WireBytes>: EncodingWay<Value> {
  override func put(_ value: Value, at place: EncodingPlace) {
    value.withWireBytes { place.out.pointee.writeByteBlock($0) }
  }
}

/// By the type itself, as bytes that only it can read.
final class OpaqueEncodingWay<Value: WireCodable>: EncodingWay<Value> {
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
      // As `EncodingNode.tooDeep`: a value that cannot be encoded for its depth cannot be printed.
      let isTooDeep = if case .tooDeep = error { true } else { false }
      throw EncodingError.invalidValue(
        isTooDeep ? Value.self as Any : value,
        .init(codingPath: place.codingPath, debugDescription: error.description, underlyingError: error))
    }
    out.pointee.patchLength(at: start, reserved: 1)
  }
}

/// By the type's `encode(to:)`.
final class GeneralEncodingWay<Value: Encodable>: EncodingWay<Value> {
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

extension EncodingWay {
  /// The way of a type, seen as what a dynamic cast has found it to be.
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

/// Where a value is written, and how it is called there.
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

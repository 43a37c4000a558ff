/// An encoder and decoder for the items of one type, resolved once per call and used for every item
/// of the call.
///
/// The codec uses the fastest encoding that the type supports: the memory of ``WireBlock`` items,
/// the methods of ``WireCodable`` items, and a general encoder for any other `Codable` type. Items
/// need no lookup after ``resolve()``, and each can be decoded independently of the others.
///
/// A codec keeps the tables of the general encoder between items. At any time, at most one thread
/// may encode and at most one may decode with a codec; resolve another codec for another thread.
public struct ItemCodec<Value>: @unchecked Sendable {
  // Safety: a codec may be created on one thread and used on another, but its tables support one
  // thread at a time, as documented. A lock per item would cost more than most items.

  /// The encoded size of every item in bytes, or 0 if items have individual lengths.
  ///
  /// If it is not 0, items have their memory layout (the size is `MemoryLayout<Value>.stride`) and
  /// can be packed back to back. If it is 0, the caller must write the length of each item along
  /// with its bytes.
  public let blockStride: Int

  private let way: ItemWay<Value>

  /// Appends one item. If it throws, the writer is unchanged.
  ///
  /// - Throws: `EncodingError` for a type that is only `Codable`, or the error that the type's own
  ///   encoding throws.
  public func encode(_ value: Value, into writer: inout WireWriter) throws {
    let start = writer.count
    let depth = writer.depth
    do {
      try way.encode(value, into: &writer)
    } catch {
      writer.truncate(to: start)
      writer.depth = depth
      throw error
    }
  }

  /// Reads one item, which must consist of all of `bytes`. Never traps, whatever the bytes are.
  ///
  /// - Throws: `DecodingError` for a type that is only `Codable`, ``WireError``, or the error that
  ///   the type's own decoding throws.
  public func decode(_ bytes: UnsafeRawBufferPointer) throws -> Value {
    try way.decode(bytes)
  }
}

extension ItemCodec where Value: Codable {
  /// Returns the fastest codec for `Value`.
  ///
  /// - Complexity: one or two dynamic casts, which the runtime caches: about a microsecond.
  public static func resolve() -> ItemCodec {
    func block<W: WireBlock>(_: W.Type) -> (Int, AnyObject) { (W.blockStride, DirectItemWay<W>()) }
    func direct<W: WireCodable>(_: W.Type) -> AnyObject { DirectItemWay<W>() }
    let (stride, way): (Int, AnyObject) =
      if let type = Value.self as? any WireBlock.Type {
        block(type)
      } else if let type = Value.self as? any WireCodable.Type {
        (0, direct(type))
      } else {
        (0, GeneralItemWay<Value>())
      }
    // Safety: W is Value, as the dynamic cast has found.
    return ItemCodec(blockStride: stride, way: unsafeDowncast(way, to: ItemWay<Value>.self))
  }
}

/// The encoding of items. A class, so that an item costs one virtual call and no cast.
private class ItemWay<Value> {
  func encode(_ value: Value, into writer: inout WireWriter) throws {
    fatalError("an item way without encode")
  }
  func decode(_ bytes: UnsafeRawBufferPointer) throws -> Value {
    fatalError("an item way without decode")
  }
}

/// The encoding of types that are `WireCodable`.
private final class DirectItemWay<Value: WireCodable>: ItemWay<Value> {
  override func encode(_ value: Value, into writer: inout WireWriter) throws {
    try value.encode(into: &writer)
  }
  override func decode(_ bytes: UnsafeRawBufferPointer) throws -> Value {
    var reader = WireReader(bytes)
    let value = try Value.decode(from: &reader)
    try reader.finish()
    return value
  }
}

/// The encoding of types that are only `Codable`.
private final class GeneralItemWay<Value: Codable>: ItemWay<Value> {
  private let encoding = EncodingSession()
  private let decoding = DecodingSession()
  override func encode(_ value: Value, into writer: inout WireWriter) throws {
    try encoding.encode(value, into: &writer)
  }
  override func decode(_ bytes: UnsafeRawBufferPointer) throws -> Value {
    try decoding.decode(Value.self, from: bytes)
  }
}

/// How the items of one type cross the wire; resolved once per call, used for every item of it.
///
/// Three ways, the fastest that the type allows: ``WireBlock`` items are their own memory, ``WireCodable``
/// items write themselves, and any other `Codable` type goes through a general encoder. After ``resolve()``
/// an item costs no look-up of any kind, and each item can be decoded without the others.
///
/// A codec keeps the general encoder's tables between items. At any time at most one thread encodes with a
/// codec, and at most one decodes; resolve another for another thread.
public struct ItemCodec<Value>: @unchecked Sendable {
  // Unchecked because a codec may be made on one thread and used on another, but holds tables that only one
  // thread may use at a time; a lock per item would cost more than most items.

  /// How many bytes every item takes, or 0.
  ///
  /// If it is not 0, the value lies in the message as in memory (its size is `MemoryLayout<Value>.stride`),
  /// and items can be packed back to back. If it is 0, every item is self-contained bytes of its own length,
  /// which the caller must write beside them.
  public let blockStride: Int

  private let way: ItemWay<Value>

  /// Appends one item.
  ///
  /// On an error the writer is left as it was before.
  ///
  /// - Throws: `EncodingError` for a type that is only `Codable`, or what the type's own encoding throws.
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

  /// Reads one item, which must be all of `bytes`.
  ///
  /// - Throws: `DecodingError` for a type that is only `Codable`, ``WireError``, or what the type's own
  ///   decoding throws. No bytes make it trap.
  public func decode(_ bytes: UnsafeRawBufferPointer) throws -> Value {
    try way.decode(bytes)
  }
}

extension ItemCodec where Value: Codable {
  /// The fastest codec for `Value`.
  ///
  /// - Complexity: one or two dynamic casts, which the runtime remembers: about a microsecond.
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
    // Not checked because W is Value, seen as what the dynamic cast found it to be.
    return ItemCodec(blockStride: stride, way: unsafeDowncast(way, to: ItemWay<Value>.self))
  }
}

/// How items are written and read: a class, so that an item costs one virtual call and no cast.
private class ItemWay<Value> {
  func encode(_ value: Value, into writer: inout WireWriter) throws {
    fatalError("an item way without encode")
  }
  func decode(_ bytes: UnsafeRawBufferPointer) throws -> Value {
    fatalError("an item way without decode")
  }
}

/// Items that write themselves.
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

/// Items that are only `Codable`.
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

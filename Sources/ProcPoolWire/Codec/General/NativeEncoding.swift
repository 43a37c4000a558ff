// Types of the standard library that this module encodes itself, because `Codable` would need a
// container, an allocation and a virtual call per value. The encoded form can be read through any
// container.

/// A type that is encoded without its own `encode(to:)`.
protocol NativeEncodable {
  func put(at place: EncodingPlace) throws
}

/// An array whose elements are encoded as their memory.
protocol BlockEncodable {
  func putBlock(into writer: inout WireWriter)
}

extension WireWriter {
  mutating func writeScalar(_ v: Bool) { writeByte(v ? Tag.yes : Tag.no) }

  mutating func writeScalar(_ v: Double) {
    writeByte(Tag.double)
    writeFixed(v.bitPattern)
  }

  mutating func writeScalar(_ v: Float) {
    writeByte(Tag.float)
    writeFixed(v.bitPattern)
  }

  mutating func writeScalar(_ v: Int128) {
    if let short = Int64(exactly: v) { return writeInteger(short) }
    writeByte(Tag.int128)
    writeFixed(v)
  }

  mutating func writeScalar(_ v: UInt128) {
    if let short = UInt64(exactly: v) { return writeInteger(short) }
    writeByte(Tag.uint128)
    writeFixed(v)
  }
}

extension Int: NativeEncodable {
  func put(at place: EncodingPlace) { place.out.pointee.writeInteger(Int64(self)) }
}
extension Int8: NativeEncodable {
  func put(at place: EncodingPlace) { place.out.pointee.writeInteger(Int64(self)) }
}
extension Int16: NativeEncodable {
  func put(at place: EncodingPlace) { place.out.pointee.writeInteger(Int64(self)) }
}
extension Int32: NativeEncodable {
  func put(at place: EncodingPlace) { place.out.pointee.writeInteger(Int64(self)) }
}
extension Int64: NativeEncodable {
  func put(at place: EncodingPlace) { place.out.pointee.writeInteger(self) }
}
extension Int128: NativeEncodable {
  func put(at place: EncodingPlace) { place.out.pointee.writeScalar(self) }
}
extension UInt: NativeEncodable {
  func put(at place: EncodingPlace) { place.out.pointee.writeInteger(UInt64(self)) }
}
extension UInt8: NativeEncodable {
  func put(at place: EncodingPlace) { place.out.pointee.writeInteger(UInt64(self)) }
}
extension UInt16: NativeEncodable {
  func put(at place: EncodingPlace) { place.out.pointee.writeInteger(UInt64(self)) }
}
extension UInt32: NativeEncodable {
  func put(at place: EncodingPlace) { place.out.pointee.writeInteger(UInt64(self)) }
}
extension UInt64: NativeEncodable {
  func put(at place: EncodingPlace) { place.out.pointee.writeInteger(self) }
}
extension UInt128: NativeEncodable {
  func put(at place: EncodingPlace) { place.out.pointee.writeScalar(self) }
}
extension Double: NativeEncodable {
  func put(at place: EncodingPlace) { place.out.pointee.writeScalar(self) }
}
extension Float: NativeEncodable {
  func put(at place: EncodingPlace) { place.out.pointee.writeScalar(self) }
}
extension Bool: NativeEncodable {
  func put(at place: EncodingPlace) { place.out.pointee.writeScalar(self) }
}
extension String: NativeEncodable {
  func put(at place: EncodingPlace) { place.out.pointee.writeString(self) }
}

extension Optional: NativeEncodable where Wrapped: Encodable {
  func put(at place: EncodingPlace) throws {
    guard let value = self else { return place.out.pointee.writeByte(Tag.null) }
    let start = place.out.pointee.count
    try place.session.put(value, at: place)
    // A present value may itself encode as null: an optional in an optional, for example.
    place.out.pointee.mark(Tag.some, ifNothingAt: start)
  }
}

extension EncodingPlace {
  /// Writes an array of `elements`.
  fileprivate func putElements<Element: Encodable>(_ elements: UnsafeBufferPointer<Element>) throws {
    let node = EncodingNode(session: session, out: out, parent: parent, step: step)
    try node.checkDepth([Element].self)
    // Room for the length, so that a long array need not be moved: 4 bytes suffice for 256 MiB.
    let reserved = elements.count < 32 ? node.lengthBytes : 4
    out.pointee.writeByte(Tag.array)
    let header = out.pointee.count
    for _ in 0..<reserved { out.pointee.writeByte(0) }
    out.pointee.writeVarint(UInt64(elements.count))
    let way = session.way(for: Element.self)
    for index in elements.indices { try way.put(elements[index], at: node.place(.index(index))) }
    out.pointee.patchLength(at: header, reserved: reserved)
  }
}

extension Array: NativeEncodable where Element: Encodable {
  func put(at place: EncodingPlace) throws {
    try withUnsafeBufferPointer { try place.putElements($0) }
  }
}

extension ContiguousArray: NativeEncodable where Element: Encodable {
  func put(at place: EncodingPlace) throws {
    try withUnsafeBufferPointer { try place.putElements($0) }
  }
}

extension Set: NativeEncodable where Element: Encodable {
  func put(at place: EncodingPlace) throws { try Array(self).put(at: place) }
}

/// A type of keys that `Dictionary` encodes as names of fields.
protocol DictionaryKey: Hashable {
  func putKey(into writer: inout WireWriter)
  /// Creates the key from the name of a field.
  init?(fieldName: String)
  var fieldName: String { get }
}

extension String: DictionaryKey {
  func putKey(into writer: inout WireWriter) {
    writer.writeVarint(KeyReference.inlineString)
    encode(into: &writer)
  }
  init?(fieldName: String) { self = fieldName }
  var fieldName: String { self }
}

extension Int: DictionaryKey {
  func putKey(into writer: inout WireWriter) {
    writer.writeVarint(KeyReference.inlineInteger)
    writer.writeSignedVarint(Int64(self))
  }
  init?(fieldName: String) { self.init(fieldName) }
  var fieldName: String { String(self) }
}

extension Dictionary: NativeEncodable where Key: DictionaryKey & Encodable, Value: Encodable {
  /// Writes the keys inline with the values, because they are not repeated and would only fill the
  /// table.
  func put(at place: EncodingPlace) throws {
    let node = EncodingNode(session: place.session, out: place.out, parent: place.parent, step: place.step)
    try node.checkDepth(self)
    let reserved = count < 32 ? node.lengthBytes : 4
    place.out.pointee.writeByte(Tag.object)
    let header = place.out.pointee.count
    for _ in 0..<reserved { place.out.pointee.writeByte(0) }
    let way = place.session.way(for: Value.self)
    for (key, value) in self {
      key.putKey(into: &place.out.pointee)
      try way.put(value, at: node.place(.key(key.fieldName)))
    }
    place.out.pointee.patchLength(at: header, reserved: reserved)
  }
}

extension Array: BlockEncodable where Element: WireBlock {
  func putBlock(into writer: inout WireWriter) {
    withUnsafeBufferPointer { writer.writeBlock($0) }
  }
}

extension ContiguousArray: BlockEncodable where Element: WireBlock {
  func putBlock(into writer: inout WireWriter) {
    withUnsafeBufferPointer { writer.writeBlock($0) }
  }
}

extension WireWriter {
  /// Writes an array of numbers, or of a user's structures, as one block.
  mutating func writeBlock<Element: WireBlock>(_ elements: UnsafeBufferPointer<Element>) {
    let bytes = UnsafeRawBufferPointer(elements)
    guard let kind = PackedKind.of(Element.self) else {
      reserve(1 + 2 * WireVarint.maximumLength + bytes.count)
      writeByte(Tag.blocks)
      writeVarint(UInt64(Element.blockStride))
      writeVarint(UInt64(elements.count))
      return writeBytes(bytes)
    }
    // Safety: the buffers are rebound to the type that Element was found to be, or to the 64-bit
    // type with the layout of `Int` or `UInt`.
    switch kind {
    case .int64:
      writeByte(Tag.packed)
      PackedNumbers.write(bytes.assumingMemoryBound(to: Int64.self), into: &self)
    case .uint64:
      writeByte(Tag.packed)
      PackedNumbers.write(bytes.assumingMemoryBound(to: UInt64.self), into: &self)
    case .int32:
      writeByte(Tag.packed)
      PackedNumbers.write(bytes.assumingMemoryBound(to: Int32.self), into: &self)
    case .uint32:
      writeByte(Tag.packed)
      PackedNumbers.write(bytes.assumingMemoryBound(to: UInt32.self), into: &self)
    default:
      writePacked(kind, elements.count)
      writeBytes(bytes)
    }
  }

  /// Writes bytes as a packed array of `UInt8`.
  mutating func writeByteBlock(_ bytes: UnsafeRawBufferPointer) {
    writePacked(.uint8, bytes.count)
    writeBytes(bytes)
  }
}

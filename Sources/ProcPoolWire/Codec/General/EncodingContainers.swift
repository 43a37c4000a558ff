// The containers that a value writes to: thin views of an `EncodingNode`.

struct KeyedSink<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let node: EncodingNode

  var codingPath: [any CodingKey] { node.codingPath }

  /// Writes the key of the value that follows.
  @inline(__always)
  private func field<T>(_ key: Key, _ value: T) throws -> UnsafeMutablePointer<WireWriter> {
    try node.checkTurn(value)
    let reference = node.session.keys.reference(key)
    node.noteField(reference)
    node.out.pointee.writeReference(reference)
    return node.out
  }

  func encodeNil(forKey key: Key) throws { try field(key, Int?.none).pointee.writeByte(Tag.null) }
  func encode(_ v: Bool, forKey key: Key) throws { try field(key, v).pointee.writeScalar(v) }
  func encode(_ v: String, forKey key: Key) throws { try field(key, v).pointee.writeString(v) }
  func encode(_ v: Double, forKey key: Key) throws { try field(key, v).pointee.writeScalar(v) }
  func encode(_ v: Float, forKey key: Key) throws { try field(key, v).pointee.writeScalar(v) }
  func encode(_ v: Int, forKey key: Key) throws { try field(key, v).pointee.writeInteger(Int64(v)) }
  func encode(_ v: Int8, forKey key: Key) throws { try field(key, v).pointee.writeInteger(Int64(v)) }
  func encode(_ v: Int16, forKey key: Key) throws { try field(key, v).pointee.writeInteger(Int64(v)) }
  func encode(_ v: Int32, forKey key: Key) throws { try field(key, v).pointee.writeInteger(Int64(v)) }
  func encode(_ v: Int64, forKey key: Key) throws { try field(key, v).pointee.writeInteger(v) }
  func encode(_ v: Int128, forKey key: Key) throws { try field(key, v).pointee.writeScalar(v) }
  func encode(_ v: UInt, forKey key: Key) throws { try field(key, v).pointee.writeInteger(UInt64(v)) }
  func encode(_ v: UInt8, forKey key: Key) throws { try field(key, v).pointee.writeInteger(UInt64(v)) }
  func encode(_ v: UInt16, forKey key: Key) throws { try field(key, v).pointee.writeInteger(UInt64(v)) }
  func encode(_ v: UInt32, forKey key: Key) throws { try field(key, v).pointee.writeInteger(UInt64(v)) }
  func encode(_ v: UInt64, forKey key: Key) throws { try field(key, v).pointee.writeInteger(v) }
  func encode(_ v: UInt128, forKey key: Key) throws { try field(key, v).pointee.writeScalar(v) }

  func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
    _ = try putField(key, value)
  }

  /// As `encode`, without writing absent values. Values that are present and encode as null are
  /// marked, because they would otherwise be decoded as absent.
  func encodeIfPresent<T: Encodable>(_ value: T?, forKey key: Key) throws {
    guard let value else { return }
    let start = try putField(key, value)
    node.out.pointee.mark(Tag.present, ifNothingAt: start)
  }

  /// Writes a field, and returns the position of its value.
  @inline(__always)
  private func putField<T: Encodable>(_ key: Key, _ value: T) throws -> Int {
    try node.checkTurn(value)
    let start = node.out.pointee.count
    let out = try field(key, value)
    let valueStart = out.pointee.count
    do {
      try node.session.put(value, at: node.place(.key(key.stringValue)))
    } catch {
      // The caller may handle the error, and leave the field out.
      out.pointee.truncate(to: start)
      throw error
    }
    return valueStart
  }

  func nestedContainer<NestedKey: CodingKey>(
    keyedBy keyType: NestedKey.Type, forKey key: Key
  ) -> KeyedEncodingContainer<NestedKey> {
    node.container(for: key).container(keyedBy: keyType)
  }

  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    node.container(for: key).unkeyedContainer()
  }

  func superEncoder() -> any Encoder { node.newContainer(for: PathKey.super) }

  func superEncoder(forKey key: Key) -> any Encoder { node.newContainer(for: key) }
}

struct UnkeyedSink: UnkeyedEncodingContainer {
  let node: EncodingNode

  var codingPath: [any CodingKey] { node.codingPath }
  var count: Int { node.count }

  /// Counts an element, whose value follows.
  @inline(__always)
  private func element<T>(_ value: T) throws -> UnsafeMutablePointer<WireWriter> {
    try node.checkTurn(value)
    node.count += 1
    return node.out
  }

  func encodeNil() throws { try element(Int?.none).pointee.writeByte(Tag.null) }
  func encode(_ v: Bool) throws { try element(v).pointee.writeScalar(v) }
  func encode(_ v: String) throws { try element(v).pointee.writeString(v) }
  func encode(_ v: Double) throws { try element(v).pointee.writeScalar(v) }
  func encode(_ v: Float) throws { try element(v).pointee.writeScalar(v) }
  func encode(_ v: Int) throws { try element(v).pointee.writeInteger(Int64(v)) }
  func encode(_ v: Int8) throws { try element(v).pointee.writeInteger(Int64(v)) }
  func encode(_ v: Int16) throws { try element(v).pointee.writeInteger(Int64(v)) }
  func encode(_ v: Int32) throws { try element(v).pointee.writeInteger(Int64(v)) }
  func encode(_ v: Int64) throws { try element(v).pointee.writeInteger(v) }
  func encode(_ v: Int128) throws { try element(v).pointee.writeScalar(v) }
  func encode(_ v: UInt) throws { try element(v).pointee.writeInteger(UInt64(v)) }
  func encode(_ v: UInt8) throws { try element(v).pointee.writeInteger(UInt64(v)) }
  func encode(_ v: UInt16) throws { try element(v).pointee.writeInteger(UInt64(v)) }
  func encode(_ v: UInt32) throws { try element(v).pointee.writeInteger(UInt64(v)) }
  func encode(_ v: UInt64) throws { try element(v).pointee.writeInteger(v) }
  func encode(_ v: UInt128) throws { try element(v).pointee.writeScalar(v) }

  func encode<T: Encodable>(_ value: T) throws {
    try node.checkTurn(value)
    let start = node.out.pointee.count
    do {
      try node.session.put(value, at: node.place(.index(node.count)))
    } catch {
      node.out.pointee.truncate(to: start)
      throw error
    }
    node.count += 1
  }

  func nestedContainer<NestedKey: CodingKey>(
    keyedBy keyType: NestedKey.Type
  ) -> KeyedEncodingContainer<NestedKey> {
    nested().container(keyedBy: keyType)
  }

  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { nested().unkeyedContainer() }

  func superEncoder() -> any Encoder { nested() }

  private func nested() -> EncodingNode {
    let nested = node.makeNested(.index(node.count))
    node.count += 1
    return nested
  }
}

struct SingleSink: SingleValueEncodingContainer {
  let node: EncodingNode

  var codingPath: [any CodingKey] { node.codingPath }

  /// Notes that the value is being written.
  @inline(__always)
  private func whole<T>(_ value: T) throws -> UnsafeMutablePointer<WireWriter> {
    node.become(.single)
    try node.checkTurn(value)
    return node.out
  }

  func encodeNil() throws { try whole(Int?.none).pointee.writeByte(Tag.null) }
  func encode(_ v: Bool) throws { try whole(v).pointee.writeScalar(v) }
  func encode(_ v: String) throws { try whole(v).pointee.writeString(v) }
  func encode(_ v: Double) throws { try whole(v).pointee.writeScalar(v) }
  func encode(_ v: Float) throws { try whole(v).pointee.writeScalar(v) }
  func encode(_ v: Int) throws { try whole(v).pointee.writeInteger(Int64(v)) }
  func encode(_ v: Int8) throws { try whole(v).pointee.writeInteger(Int64(v)) }
  func encode(_ v: Int16) throws { try whole(v).pointee.writeInteger(Int64(v)) }
  func encode(_ v: Int32) throws { try whole(v).pointee.writeInteger(Int64(v)) }
  func encode(_ v: Int64) throws { try whole(v).pointee.writeInteger(v) }
  func encode(_ v: Int128) throws { try whole(v).pointee.writeScalar(v) }
  func encode(_ v: UInt) throws { try whole(v).pointee.writeInteger(UInt64(v)) }
  func encode(_ v: UInt8) throws { try whole(v).pointee.writeInteger(UInt64(v)) }
  func encode(_ v: UInt16) throws { try whole(v).pointee.writeInteger(UInt64(v)) }
  func encode(_ v: UInt32) throws { try whole(v).pointee.writeInteger(UInt64(v)) }
  func encode(_ v: UInt64) throws { try whole(v).pointee.writeInteger(v) }
  func encode(_ v: UInt128) throws { try whole(v).pointee.writeScalar(v) }

  func encode<T: Encodable>(_ value: T) throws {
    _ = try whole(value)
    do {
      try node.session.put(value, at: node.place(.none))
    } catch {
      // The caller may handle the error, and write another value.
      node.rewind()
      throw error
    }
  }
}

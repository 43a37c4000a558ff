// What a value writes into: thin views of an `EncodingNode`.

struct KeyedSink<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let node: EncodingNode

  var codingPath: [any CodingKey] { node.codingPath }

  /// Writes the key; its value comes next.
  @inline(__always)
  private func field(_ key: Key) throws -> UnsafeMutablePointer<WireWriter> {
    try node.checkTurn()
    node.out.pointee.writeVarint(node.session.keys.reference(key))
    return node.out
  }

  func encodeNil(forKey key: Key) throws { try field(key).pointee.writeByte(Tag.null) }
  func encode(_ v: Bool, forKey key: Key) throws { try field(key).pointee.writeScalar(v) }
  func encode(_ v: String, forKey key: Key) throws { try field(key).pointee.writeString(v) }
  func encode(_ v: Double, forKey key: Key) throws { try field(key).pointee.writeScalar(v) }
  func encode(_ v: Float, forKey key: Key) throws { try field(key).pointee.writeScalar(v) }
  func encode(_ v: Int, forKey key: Key) throws { try field(key).pointee.writeInteger(Int64(v)) }
  func encode(_ v: Int8, forKey key: Key) throws { try field(key).pointee.writeInteger(Int64(v)) }
  func encode(_ v: Int16, forKey key: Key) throws { try field(key).pointee.writeInteger(Int64(v)) }
  func encode(_ v: Int32, forKey key: Key) throws { try field(key).pointee.writeInteger(Int64(v)) }
  func encode(_ v: Int64, forKey key: Key) throws { try field(key).pointee.writeInteger(v) }
  func encode(_ v: Int128, forKey key: Key) throws { try field(key).pointee.writeScalar(v) }
  func encode(_ v: UInt, forKey key: Key) throws { try field(key).pointee.writeInteger(UInt64(v)) }
  func encode(_ v: UInt8, forKey key: Key) throws { try field(key).pointee.writeInteger(UInt64(v)) }
  func encode(_ v: UInt16, forKey key: Key) throws { try field(key).pointee.writeInteger(UInt64(v)) }
  func encode(_ v: UInt32, forKey key: Key) throws { try field(key).pointee.writeInteger(UInt64(v)) }
  func encode(_ v: UInt64, forKey key: Key) throws { try field(key).pointee.writeInteger(v) }
  func encode(_ v: UInt128, forKey key: Key) throws { try field(key).pointee.writeScalar(v) }

  func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
    try node.checkTurn()
    let start = node.out.pointee.count
    let out = try field(key)
    do {
      try node.session.put(value, at: node.place(.key(key.stringValue)))
    } catch {
      // The caller may go on after an error, and leave the field out.
      out.pointee.truncate(to: start)
      throw error
    }
  }

  func nestedContainer<NestedKey: CodingKey>(
    keyedBy keyType: NestedKey.Type, forKey key: Key
  ) -> KeyedEncodingContainer<NestedKey> {
    nested(key).container(keyedBy: keyType)
  }

  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    nested(key).unkeyedContainer()
  }

  func superEncoder() -> any Encoder { nested(PathKey.super) }

  func superEncoder(forKey key: Key) -> any Encoder { nested(key) }

  private func nested(_ key: some CodingKey) -> EncodingNode {
    if node.turn == node.session.turn {
      node.out.pointee.writeVarint(node.session.keys.reference(key))
    }
    return node.makeNested(.key(key.stringValue))
  }
}

struct UnkeyedSink: UnkeyedEncodingContainer {
  let node: EncodingNode

  var codingPath: [any CodingKey] { node.codingPath }
  var count: Int { node.count }

  /// Counts an element; its value comes next.
  @inline(__always)
  private func element() throws -> UnsafeMutablePointer<WireWriter> {
    try node.checkTurn()
    node.count += 1
    return node.out
  }

  func encodeNil() throws { try element().pointee.writeByte(Tag.null) }
  func encode(_ v: Bool) throws { try element().pointee.writeScalar(v) }
  func encode(_ v: String) throws { try element().pointee.writeString(v) }
  func encode(_ v: Double) throws { try element().pointee.writeScalar(v) }
  func encode(_ v: Float) throws { try element().pointee.writeScalar(v) }
  func encode(_ v: Int) throws { try element().pointee.writeInteger(Int64(v)) }
  func encode(_ v: Int8) throws { try element().pointee.writeInteger(Int64(v)) }
  func encode(_ v: Int16) throws { try element().pointee.writeInteger(Int64(v)) }
  func encode(_ v: Int32) throws { try element().pointee.writeInteger(Int64(v)) }
  func encode(_ v: Int64) throws { try element().pointee.writeInteger(v) }
  func encode(_ v: Int128) throws { try element().pointee.writeScalar(v) }
  func encode(_ v: UInt) throws { try element().pointee.writeInteger(UInt64(v)) }
  func encode(_ v: UInt8) throws { try element().pointee.writeInteger(UInt64(v)) }
  func encode(_ v: UInt16) throws { try element().pointee.writeInteger(UInt64(v)) }
  func encode(_ v: UInt32) throws { try element().pointee.writeInteger(UInt64(v)) }
  func encode(_ v: UInt64) throws { try element().pointee.writeInteger(v) }
  func encode(_ v: UInt128) throws { try element().pointee.writeScalar(v) }

  func encode<T: Encodable>(_ value: T) throws {
    try node.checkTurn()
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
  private func whole() throws -> UnsafeMutablePointer<WireWriter> {
    node.become(.single)
    try node.checkTurn()
    return node.out
  }

  func encodeNil() throws { try whole().pointee.writeByte(Tag.null) }
  func encode(_ v: Bool) throws { try whole().pointee.writeScalar(v) }
  func encode(_ v: String) throws { try whole().pointee.writeString(v) }
  func encode(_ v: Double) throws { try whole().pointee.writeScalar(v) }
  func encode(_ v: Float) throws { try whole().pointee.writeScalar(v) }
  func encode(_ v: Int) throws { try whole().pointee.writeInteger(Int64(v)) }
  func encode(_ v: Int8) throws { try whole().pointee.writeInteger(Int64(v)) }
  func encode(_ v: Int16) throws { try whole().pointee.writeInteger(Int64(v)) }
  func encode(_ v: Int32) throws { try whole().pointee.writeInteger(Int64(v)) }
  func encode(_ v: Int64) throws { try whole().pointee.writeInteger(v) }
  func encode(_ v: Int128) throws { try whole().pointee.writeScalar(v) }
  func encode(_ v: UInt) throws { try whole().pointee.writeInteger(UInt64(v)) }
  func encode(_ v: UInt8) throws { try whole().pointee.writeInteger(UInt64(v)) }
  func encode(_ v: UInt16) throws { try whole().pointee.writeInteger(UInt64(v)) }
  func encode(_ v: UInt32) throws { try whole().pointee.writeInteger(UInt64(v)) }
  func encode(_ v: UInt64) throws { try whole().pointee.writeInteger(v) }
  func encode(_ v: UInt128) throws { try whole().pointee.writeScalar(v) }

  func encode<T: Encodable>(_ value: T) throws {
    _ = try whole()
    try node.session.put(value, at: node.place(.none))
  }
}

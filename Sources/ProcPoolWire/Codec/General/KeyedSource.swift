// The containers that a value reads from: thin views of a `DecodingNode`.

struct KeyedSource<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let node: DecodingNode

  var codingPath: [any CodingKey] { node.codingPath }

  var allKeys: [Key] {
    var keys: [Key] = []
    // A damaged object lists the keys before the damage; decoding a value reports it.
    try? node.forEachField { name, number, _ in
      if let key = Key(stringValue: name) ?? number.flatMap({ Key(intValue: $0) }) { keys.append(key) }
    }
    return keys
  }

  func contains(_ key: Key) -> Bool {
    (try? node.field(named: key.stringValue, advance: false)) != nil
  }

  func decodeNil(forKey key: Key) throws -> Bool {
    guard let field = try node.field(named: key.stringValue, advance: false) else { throw missing(key) }
    return node.session.values.isNull(node.session.values.unmarked(field))
  }

  private func missing(_ key: Key) -> DecodingError {
    .keyNotFound(
      key, .init(codingPath: node.codingPath, debugDescription: "There is no value for the key \(key)."))
  }

  /// Reads a field with `read`, and throws an error with its path if the value does not match.
  @inline(__always)
  private func scalar<T>(
    _ key: Key, _ read: (ValueReader, WireValue) throws(Misfit) -> T
  ) throws -> T {
    guard let value = try node.field(named: key.stringValue, advance: true) else { throw missing(key) }
    do throws(Misfit) {
      return try read(node.session.values, value)
    } catch {
      throw node.place(.key(key.stringValue)).error(error, T.self, value)
    }
  }

  /// As `scalar`, for a field that may be absent or null.
  @inline(__always)
  private func scalarIfPresent<T>(
    _ key: Key, _ read: (ValueReader, WireValue) throws(Misfit) -> T
  ) throws -> T? {
    guard let value = try node.field(named: key.stringValue, advance: true),
      !node.session.values.isNothing(value)
    else { return nil }
    do throws(Misfit) {
      return try read(node.session.values, value)
    } catch {
      throw node.place(.key(key.stringValue)).error(error, T.self, value)
    }
  }

  func decode(_: Bool.Type, forKey key: Key) throws -> Bool {
    try scalar(key) { (values, value) throws(Misfit) in try values.bool(value) }
  }
  func decode(_: String.Type, forKey key: Key) throws -> String {
    try scalar(key) { (values, value) throws(Misfit) in try values.string(value) }
  }
  func decode(_: Double.Type, forKey key: Key) throws -> Double {
    try scalar(key) { (values, value) throws(Misfit) in try values.double(value) }
  }
  func decode(_: Float.Type, forKey key: Key) throws -> Float {
    try scalar(key) { (values, value) throws(Misfit) in try values.float(value) }
  }
  func decode(_: Int.Type, forKey key: Key) throws -> Int {
    try scalar(key) { (values, value) throws(Misfit) in try values.integer(value, as: Int.self) }
  }
  func decode(_: Int8.Type, forKey key: Key) throws -> Int8 {
    try scalar(key) { (values, value) throws(Misfit) in try values.integer(value, as: Int8.self) }
  }
  func decode(_: Int16.Type, forKey key: Key) throws -> Int16 {
    try scalar(key) { (values, value) throws(Misfit) in try values.integer(value, as: Int16.self) }
  }
  func decode(_: Int32.Type, forKey key: Key) throws -> Int32 {
    try scalar(key) { (values, value) throws(Misfit) in try values.integer(value, as: Int32.self) }
  }
  func decode(_: Int64.Type, forKey key: Key) throws -> Int64 {
    try scalar(key) { (values, value) throws(Misfit) in try values.integer(value, as: Int64.self) }
  }
  func decode(_: Int128.Type, forKey key: Key) throws -> Int128 {
    try scalar(key) { (values, value) throws(Misfit) in try values.integer(value, as: Int128.self) }
  }
  func decode(_: UInt.Type, forKey key: Key) throws -> UInt {
    try scalar(key) { (values, value) throws(Misfit) in try values.integer(value, as: UInt.self) }
  }
  func decode(_: UInt8.Type, forKey key: Key) throws -> UInt8 {
    try scalar(key) { (values, value) throws(Misfit) in try values.integer(value, as: UInt8.self) }
  }
  func decode(_: UInt16.Type, forKey key: Key) throws -> UInt16 {
    try scalar(key) { (values, value) throws(Misfit) in try values.integer(value, as: UInt16.self) }
  }
  func decode(_: UInt32.Type, forKey key: Key) throws -> UInt32 {
    try scalar(key) { (values, value) throws(Misfit) in try values.integer(value, as: UInt32.self) }
  }
  func decode(_: UInt64.Type, forKey key: Key) throws -> UInt64 {
    try scalar(key) { (values, value) throws(Misfit) in try values.integer(value, as: UInt64.self) }
  }
  func decode(_: UInt128.Type, forKey key: Key) throws -> UInt128 {
    try scalar(key) { (values, value) throws(Misfit) in try values.integer(value, as: UInt128.self) }
  }

  func decodeIfPresent(_: Bool.Type, forKey key: Key) throws -> Bool? {
    try scalarIfPresent(key) { (values, value) throws(Misfit) in try values.bool(value) }
  }
  func decodeIfPresent(_: String.Type, forKey key: Key) throws -> String? {
    try scalarIfPresent(key) { (values, value) throws(Misfit) in try values.string(value) }
  }
  func decodeIfPresent(_: Double.Type, forKey key: Key) throws -> Double? {
    try scalarIfPresent(key) { (values, value) throws(Misfit) in try values.double(value) }
  }
  func decodeIfPresent(_: Float.Type, forKey key: Key) throws -> Float? {
    try scalarIfPresent(key) { (values, value) throws(Misfit) in try values.float(value) }
  }
  func decodeIfPresent(_: Int.Type, forKey key: Key) throws -> Int? {
    try scalarIfPresent(key) { (values, value) throws(Misfit) in try values.integer(value, as: Int.self) }
  }
  func decodeIfPresent(_: Int8.Type, forKey key: Key) throws -> Int8? {
    try scalarIfPresent(key) { (values, value) throws(Misfit) in try values.integer(value, as: Int8.self) }
  }
  func decodeIfPresent(_: Int16.Type, forKey key: Key) throws -> Int16? {
    try scalarIfPresent(key) { (values, value) throws(Misfit) in try values.integer(value, as: Int16.self) }
  }
  func decodeIfPresent(_: Int32.Type, forKey key: Key) throws -> Int32? {
    try scalarIfPresent(key) { (values, value) throws(Misfit) in try values.integer(value, as: Int32.self) }
  }
  func decodeIfPresent(_: Int64.Type, forKey key: Key) throws -> Int64? {
    try scalarIfPresent(key) { (values, value) throws(Misfit) in try values.integer(value, as: Int64.self) }
  }
  func decodeIfPresent(_: Int128.Type, forKey key: Key) throws -> Int128? {
    try scalarIfPresent(key) { (values, value) throws(Misfit) in try values.integer(value, as: Int128.self) }
  }
  func decodeIfPresent(_: UInt.Type, forKey key: Key) throws -> UInt? {
    try scalarIfPresent(key) { (values, value) throws(Misfit) in try values.integer(value, as: UInt.self) }
  }
  func decodeIfPresent(_: UInt8.Type, forKey key: Key) throws -> UInt8? {
    try scalarIfPresent(key) { (values, value) throws(Misfit) in try values.integer(value, as: UInt8.self) }
  }
  func decodeIfPresent(_: UInt16.Type, forKey key: Key) throws -> UInt16? {
    try scalarIfPresent(key) { (values, value) throws(Misfit) in try values.integer(value, as: UInt16.self) }
  }
  func decodeIfPresent(_: UInt32.Type, forKey key: Key) throws -> UInt32? {
    try scalarIfPresent(key) { (values, value) throws(Misfit) in try values.integer(value, as: UInt32.self) }
  }
  func decodeIfPresent(_: UInt64.Type, forKey key: Key) throws -> UInt64? {
    try scalarIfPresent(key) { (values, value) throws(Misfit) in try values.integer(value, as: UInt64.self) }
  }
  func decodeIfPresent(_: UInt128.Type, forKey key: Key) throws -> UInt128? {
    try scalarIfPresent(key) { (values, value) throws(Misfit) in try values.integer(value, as: UInt128.self) }
  }

  func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
    guard let field = try node.field(named: key.stringValue, advance: true) else { throw missing(key) }
    return try node.session.get(
      type, node.session.values.unmarked(field), at: node.place(.key(key.stringValue)))
  }

  func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T? {
    guard let value = try node.field(named: key.stringValue, advance: true) else { return nil }
    let place = node.place(.key(key.stringValue))
    if node.session.values.isNothing(value) { return try place.getNothing(value) }
    return try node.session.get(type, value, at: place)
  }

  func nestedContainer<NestedKey: CodingKey>(
    keyedBy type: NestedKey.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<NestedKey> {
    try nested(key).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try nested(key).unkeyedContainer()
  }

  func superDecoder() throws -> any Decoder { try superDecoder(PathKey.super) }

  func superDecoder(forKey key: Key) throws -> any Decoder { try superDecoder(key) }

  private func nested(_ key: Key) throws -> DecodingNode {
    guard let field = try node.field(named: key.stringValue, advance: true) else { throw missing(key) }
    return try node.nested(node.session.values.unmarked(field), .key(key.stringValue))
  }

  private func superDecoder(_ key: some CodingKey) throws -> any Decoder {
    guard let field = try node.field(named: key.stringValue, advance: true) else {
      throw DecodingError.keyNotFound(
        key, .init(codingPath: node.codingPath, debugDescription: "There is no value for the key \(key)."))
    }
    return try node.nested(node.session.values.unmarked(field), .key(key.stringValue))
  }
}

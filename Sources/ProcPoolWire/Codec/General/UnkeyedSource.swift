// The container of the elements of an array or of a packed array, which are read in order.

struct UnkeyedSource: UnkeyedDecodingContainer {
  let node: DecodingNode
  private var content: WireContent
  private(set) var currentIndex = 0

  init(node: DecodingNode, content: WireContent) {
    self.node = node
    self.content = content
  }

  var codingPath: [any CodingKey] { node.codingPath }
  var count: Int? { content.count }
  var isAtEnd: Bool { currentIndex == content.count }

  /// Reads the next element. The position advances only if that succeeds.
  @inline(__always)
  private func peek(_ type: Any.Type) throws -> (WireValue, after: WireContent) {
    try node.checkMessage()
    guard currentIndex < content.count else { throw atEnd(type) }
    var after = content
    do throws(WireError) {
      return (try node.session.values.next(&after), after)
    } catch {
      throw node.place(.index(currentIndex)).error(.malformed(error), type, node.value)
    }
  }

  @inline(never)
  private func atEnd(_ type: Any.Type) -> DecodingError {
    .valueNotFound(
      type,
      .init(
        codingPath: node.codingPath + [PathKey(index: currentIndex)],
        debugDescription: "All \(content.count) elements have been read."))
  }

  @inline(__always)
  private mutating func scalar<T>(_ read: (ValueReader, WireValue) throws(Misfit) -> T) throws -> T {
    let (value, after) = try peek(T.self)
    do throws(Misfit) {
      let result = try read(node.session.values, value)
      content = after
      currentIndex += 1
      return result
    } catch {
      throw node.place(.index(currentIndex)).error(error, T.self, value)
    }
  }

  mutating func decodeNil() throws -> Bool {
    let (value, after) = try peek(Never?.self)
    guard node.session.values.isNull(value) else { return false }
    content = after
    currentIndex += 1
    return true
  }

  mutating func decode(_: Bool.Type) throws -> Bool {
    try scalar { (values, value) throws(Misfit) in try values.bool(value) }
  }
  mutating func decode(_: String.Type) throws -> String {
    try scalar { (values, value) throws(Misfit) in try values.string(value) }
  }
  mutating func decode(_: Double.Type) throws -> Double {
    try scalar { (values, value) throws(Misfit) in try values.double(value) }
  }
  mutating func decode(_: Float.Type) throws -> Float {
    try scalar { (values, value) throws(Misfit) in try values.float(value) }
  }
  mutating func decode(_: Int.Type) throws -> Int {
    try scalar { (values, value) throws(Misfit) in try values.integer(value, as: Int.self) }
  }
  mutating func decode(_: Int8.Type) throws -> Int8 {
    try scalar { (values, value) throws(Misfit) in try values.integer(value, as: Int8.self) }
  }
  mutating func decode(_: Int16.Type) throws -> Int16 {
    try scalar { (values, value) throws(Misfit) in try values.integer(value, as: Int16.self) }
  }
  mutating func decode(_: Int32.Type) throws -> Int32 {
    try scalar { (values, value) throws(Misfit) in try values.integer(value, as: Int32.self) }
  }
  mutating func decode(_: Int64.Type) throws -> Int64 {
    try scalar { (values, value) throws(Misfit) in try values.integer(value, as: Int64.self) }
  }
  mutating func decode(_: Int128.Type) throws -> Int128 {
    try scalar { (values, value) throws(Misfit) in try values.integer(value, as: Int128.self) }
  }
  mutating func decode(_: UInt.Type) throws -> UInt {
    try scalar { (values, value) throws(Misfit) in try values.integer(value, as: UInt.self) }
  }
  mutating func decode(_: UInt8.Type) throws -> UInt8 {
    try scalar { (values, value) throws(Misfit) in try values.integer(value, as: UInt8.self) }
  }
  mutating func decode(_: UInt16.Type) throws -> UInt16 {
    try scalar { (values, value) throws(Misfit) in try values.integer(value, as: UInt16.self) }
  }
  mutating func decode(_: UInt32.Type) throws -> UInt32 {
    try scalar { (values, value) throws(Misfit) in try values.integer(value, as: UInt32.self) }
  }
  mutating func decode(_: UInt64.Type) throws -> UInt64 {
    try scalar { (values, value) throws(Misfit) in try values.integer(value, as: UInt64.self) }
  }
  mutating func decode(_: UInt128.Type) throws -> UInt128 {
    try scalar { (values, value) throws(Misfit) in try values.integer(value, as: UInt128.self) }
  }

  mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
    let (value, after) = try peek(type)
    let result = try node.session.get(type, value, at: node.place(.index(currentIndex)))
    content = after
    currentIndex += 1
    return result
  }

  /// Reads an element that was written as optional.
  mutating func decodeIfPresent<T: Decodable>(_ type: T.Type) throws -> T? {
    isAtEnd ? nil : try decode(T?.self)
  }

  mutating func nestedContainer<NestedKey: CodingKey>(
    keyedBy type: NestedKey.Type
  ) throws -> KeyedDecodingContainer<NestedKey> {
    try nested { try $0.container(keyedBy: type) }
  }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    try nested { try $0.unkeyedContainer() }
  }

  mutating func superDecoder() throws -> any Decoder { try nested { $0 } }

  private mutating func nested<R>(_ open: (DecodingNode) throws -> R) throws -> R {
    let (value, after) = try peek([Any].self)
    let result = try open(try node.nested(value, .index(currentIndex)))
    content = after
    currentIndex += 1
    return result
  }
}

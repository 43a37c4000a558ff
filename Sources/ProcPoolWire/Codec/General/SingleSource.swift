// The container of a value that is not a container itself, or that another type reads.

struct SingleSource: SingleValueDecodingContainer {
  let node: DecodingNode

  var codingPath: [any CodingKey] { node.codingPath }

  @inline(__always)
  private func scalar<T>(_ read: (ValueReader, WireValue) throws(Misfit) -> T) throws -> T {
    try node.checkMessage()
    do throws(Misfit) {
      return try read(node.session.values, node.value)
    } catch {
      throw node.place(.none).error(error, T.self, node.value)
    }
  }

  func decodeNil() -> Bool {
    // A container that has outlived its message reads an empty one.
    guard (try? node.checkMessage()) != nil else { return false }
    return node.session.values.isNull(node.value)
  }

  func decode(_: Bool.Type) throws -> Bool {
    try scalar { (values, value) throws(Misfit) in try values.bool(value) }
  }
  func decode(_: String.Type) throws -> String {
    try scalar { (values, value) throws(Misfit) in try values.string(value) }
  }
  func decode(_: Double.Type) throws -> Double {
    try scalar { (values, value) throws(Misfit) in try values.double(value) }
  }
  func decode(_: Float.Type) throws -> Float {
    try scalar { (values, value) throws(Misfit) in try values.float(value) }
  }
  func decode(_: Int.Type) throws -> Int {
    try scalar { (values, value) throws(Misfit) in try values.integer(value, as: Int.self) }
  }
  func decode(_: Int8.Type) throws -> Int8 {
    try scalar { (values, value) throws(Misfit) in try values.integer(value, as: Int8.self) }
  }
  func decode(_: Int16.Type) throws -> Int16 {
    try scalar { (values, value) throws(Misfit) in try values.integer(value, as: Int16.self) }
  }
  func decode(_: Int32.Type) throws -> Int32 {
    try scalar { (values, value) throws(Misfit) in try values.integer(value, as: Int32.self) }
  }
  func decode(_: Int64.Type) throws -> Int64 {
    try scalar { (values, value) throws(Misfit) in try values.integer(value, as: Int64.self) }
  }
  func decode(_: Int128.Type) throws -> Int128 {
    try scalar { (values, value) throws(Misfit) in try values.integer(value, as: Int128.self) }
  }
  func decode(_: UInt.Type) throws -> UInt {
    try scalar { (values, value) throws(Misfit) in try values.integer(value, as: UInt.self) }
  }
  func decode(_: UInt8.Type) throws -> UInt8 {
    try scalar { (values, value) throws(Misfit) in try values.integer(value, as: UInt8.self) }
  }
  func decode(_: UInt16.Type) throws -> UInt16 {
    try scalar { (values, value) throws(Misfit) in try values.integer(value, as: UInt16.self) }
  }
  func decode(_: UInt32.Type) throws -> UInt32 {
    try scalar { (values, value) throws(Misfit) in try values.integer(value, as: UInt32.self) }
  }
  func decode(_: UInt64.Type) throws -> UInt64 {
    try scalar { (values, value) throws(Misfit) in try values.integer(value, as: UInt64.self) }
  }
  func decode(_: UInt128.Type) throws -> UInt128 {
    try scalar { (values, value) throws(Misfit) in try values.integer(value, as: UInt128.self) }
  }

  func decode<T: Decodable>(_ type: T.Type) throws -> T {
    try node.checkMessage()
    return try node.session.get(type, node.value, at: node.place(.none))
  }
}

// The decoding of the types in `NativeEncoding`, from any container.

/// A type that is decoded without its own `init(from:)`.
protocol NativeDecodable {
  static func get(_ value: WireValue, at place: DecodingPlace) throws -> Self
}

/// An array whose elements may have their memory layout in the message.
protocol BlockDecodable {
  static func getBlock(_ value: WireValue, at place: DecodingPlace) throws -> Self
}

extension DecodingPlace {
  fileprivate func scalar<T>(
    _ value: WireValue, _ read: (ValueReader) throws(Misfit) -> T
  ) throws -> T {
    do throws(Misfit) {
      return try read(session.values)
    } catch {
      throw self.error(error, T.self, value)
    }
  }

  fileprivate func integer<T: FixedWidthInteger>(_ value: WireValue, _ type: T.Type) throws -> T {
    try scalar(value) { values throws(Misfit) in try values.integer(value, as: type) }
  }

  /// Runs `read`, and adds the path to its errors.
  fileprivate func located<R>(
    _ type: Any.Type, _ value: WireValue, _ read: (ValueReader) throws(WireError) -> R?
  ) throws -> R {
    let result: R?
    do throws(WireError) {
      result = try read(session.values)
    } catch {
      throw self.error(.malformed(error), type, value)
    }
    guard let result else { throw error(.kind, type, value) }
    return result
  }
}

extension Int: NativeDecodable {
  static func get(_ value: WireValue, at place: DecodingPlace) throws -> Int {
    try place.integer(value, Int.self)
  }
}
extension Int8: NativeDecodable {
  static func get(_ value: WireValue, at place: DecodingPlace) throws -> Int8 {
    try place.integer(value, Int8.self)
  }
}
extension Int16: NativeDecodable {
  static func get(_ value: WireValue, at place: DecodingPlace) throws -> Int16 {
    try place.integer(value, Int16.self)
  }
}
extension Int32: NativeDecodable {
  static func get(_ value: WireValue, at place: DecodingPlace) throws -> Int32 {
    try place.integer(value, Int32.self)
  }
}
extension Int64: NativeDecodable {
  static func get(_ value: WireValue, at place: DecodingPlace) throws -> Int64 {
    try place.integer(value, Int64.self)
  }
}
extension Int128: NativeDecodable {
  static func get(_ value: WireValue, at place: DecodingPlace) throws -> Int128 {
    try place.integer(value, Int128.self)
  }
}
extension UInt: NativeDecodable {
  static func get(_ value: WireValue, at place: DecodingPlace) throws -> UInt {
    try place.integer(value, UInt.self)
  }
}
extension UInt8: NativeDecodable {
  static func get(_ value: WireValue, at place: DecodingPlace) throws -> UInt8 {
    try place.integer(value, UInt8.self)
  }
}
extension UInt16: NativeDecodable {
  static func get(_ value: WireValue, at place: DecodingPlace) throws -> UInt16 {
    try place.integer(value, UInt16.self)
  }
}
extension UInt32: NativeDecodable {
  static func get(_ value: WireValue, at place: DecodingPlace) throws -> UInt32 {
    try place.integer(value, UInt32.self)
  }
}
extension UInt64: NativeDecodable {
  static func get(_ value: WireValue, at place: DecodingPlace) throws -> UInt64 {
    try place.integer(value, UInt64.self)
  }
}
extension UInt128: NativeDecodable {
  static func get(_ value: WireValue, at place: DecodingPlace) throws -> UInt128 {
    try place.integer(value, UInt128.self)
  }
}
extension Double: NativeDecodable {
  static func get(_ value: WireValue, at place: DecodingPlace) throws -> Double {
    try place.scalar(value) { values throws(Misfit) in try values.double(value) }
  }
}
extension Float: NativeDecodable {
  static func get(_ value: WireValue, at place: DecodingPlace) throws -> Float {
    try place.scalar(value) { values throws(Misfit) in try values.float(value) }
  }
}
extension Bool: NativeDecodable {
  static func get(_ value: WireValue, at place: DecodingPlace) throws -> Bool {
    try place.scalar(value) { values throws(Misfit) in try values.bool(value) }
  }
}
extension String: NativeDecodable {
  static func get(_ value: WireValue, at place: DecodingPlace) throws -> String {
    try place.scalar(value) { values throws(Misfit) in try values.string(value) }
  }
}

extension Optional: NativeDecodable where Wrapped: Decodable {
  static func get(_ value: WireValue, at place: DecodingPlace) throws -> Wrapped? {
    if place.session.values.isNothing(value) { return try place.getNothing(value) }
    return try place.session.get(Wrapped.self, value, at: place)
  }
}

extension DecodingPlace {
  /// Reads null. If it is marked as present, the inner type decodes it. For a type with fewer
  /// optional levels than the encoded value, it is absent.
  @inline(never)
  func getNothing<T: Decodable>(_ value: WireValue) throws -> T? {
    guard let inner = session.values.insideMark(value) else { return nil }
    do {
      return try session.get(T.self, inner, at: self)
    } catch DecodingError.valueNotFound {
      return nil
    }
  }
}

extension DecodingPlace {
  /// Calls `body` with every element of an array.
  @inline(__always)
  fileprivate func forEachElement<Element: Decodable>(
    _ value: WireValue, _ type: Any.Type, reserve: (Int) -> Void, _ body: (Element) -> Void
  ) throws {
    var content = try located(type, value) { values throws(WireError) in try values.array(value) }
    let node = DecodingNode(session: session, value: value, parent: parent, step: step)
    try node.checkDepth()
    reserve(session.reservation(for: content.count, of: Element.self))
    let way = session.way(for: Element.self)
    for index in 0..<content.count {
      let place = node.place(.index(index))
      let element: WireValue
      do throws(WireError) {
        element = try session.values.next(&content)
      } catch {
        throw place.error(.malformed(error), type, value)
      }
      body(try way.get(element, at: place))
    }
  }

  /// The bytes of an array of `UInt8`, packed or not.
  func bytes<R>(_ value: WireValue, _ body: (UnsafeRawBufferPointer) -> R) throws -> R {
    let content = try located([UInt8].self, value) { values throws(WireError) in try values.array(value) }
    if content.packed == .uint8 {
      return body(session.values.bytes(content.start, content.end))
    }
    let bytes = try [UInt8].get(value, at: self)
    return bytes.withUnsafeBytes(body)
  }
}

extension Array: NativeDecodable where Element: Decodable {
  static func get(_ value: WireValue, at place: DecodingPlace) throws -> [Element] {
    var elements: [Element] = []
    try place.forEachElement(value, Self.self) {
      elements.reserveCapacity($0)
    } _: {
      elements.append($0)
    }
    return elements
  }
}

extension ContiguousArray: NativeDecodable where Element: Decodable {
  static func get(_ value: WireValue, at place: DecodingPlace) throws -> ContiguousArray<Element> {
    ContiguousArray(try [Element].get(value, at: place))
  }
}

extension Set: NativeDecodable where Element: Decodable {
  static func get(_ value: WireValue, at place: DecodingPlace) throws -> Set<Element> {
    var elements: Set<Element> = []
    try place.forEachElement(value, Self.self) {
      elements.reserveCapacity($0)
    } _: {
      elements.insert($0)
    }
    return elements
  }
}

extension Dictionary: NativeDecodable where Key: DictionaryKey & Decodable, Value: Decodable {
  static func get(_ value: WireValue, at place: DecodingPlace) throws -> [Key: Value] {
    let node = DecodingNode(session: place.session, value: value, parent: place.parent, step: place.step)
    try node.checkDepth()
    try node.prepareFields()
    var result: [Key: Value] = [:]
    let way = place.session.way(for: Value.self)
    try node.forEachField { name, _, field in
      guard let key = Key(fieldName: name) else {
        throw node.place(.key(name)).error(
          .malformed(.malformed("the key \"\(name)\" is not a \(Key.self)", offset: field.start)), Key.self,
          field)
      }
      result[key] = try way.get(field, at: node.place(.key(name)))
    }
    return result
  }
}

extension Array: BlockDecodable where Element: WireBlock {
  static func getBlock(_ value: WireValue, at place: DecodingPlace) throws -> [Element] {
    let stride = Element.blockStride
    if let own = PackedKind.of(Element.self) {
      let content = try place.located(Self.self, value) { values throws(WireError) in try values.array(value)
      }
      if let packed = content.packed {
        let bytes = place.session.values.bytes(content.start, content.end)
        if packed == own { return Element.array(of: bytes) }
        if let numbers = own.convert(bytes, packed, to: Element.self) { return numbers }
      }
    } else if let blocks = try? place.session.values.blocks(value), blocks.stride == stride {
      return Element.array(of: blocks.bytes)
    }
    return try elements(value, at: place)
  }

  /// Reads an array whose elements were written one by one, or as numbers of another type.
  private static func elements(_ value: WireValue, at place: DecodingPlace) throws -> [Element] {
    guard let type = Element.self as? any Decodable.Type else { throw place.error(.kind, Self.self, value) }
    func read<D: Decodable>(_: D.Type) throws -> [Element] {
      let array = try [D].get(value, at: place)
      // Safety: D is Element, by the cast above.
      return withUnsafePointer(to: array) {
        UnsafeRawPointer($0).assumingMemoryBound(to: [Element].self).pointee
      }
    }
    return try read(type)
  }
}

extension ContiguousArray: BlockDecodable where Element: WireBlock {
  static func getBlock(_ value: WireValue, at place: DecodingPlace) throws -> ContiguousArray<Element> {
    ContiguousArray(try [Element].getBlock(value, at: place))
  }
}

extension PackedKind {
  /// Converts integers of another width; `nil` if one of them does not fit, so that the elements
  /// must be read one by one for the error.
  func convert<Element>(
    _ bytes: UnsafeRawBufferPointer, _ packed: PackedKind, to _: Element.Type
  ) -> [Element]? {
    // Safety: Element is the type of the case, because only numbers of this kind get here.
    func same<T>(_ numbers: [T]?) -> [Element]? {
      withUnsafePointer(to: numbers) {
        UnsafeRawPointer($0).assumingMemoryBound(to: [Element]?.self).pointee
      }
    }
    switch self {
    case .int32: return same(PackedNumbers.integers(bytes, packed) as [Int32]?)
    case .uint32: return same(PackedNumbers.integers(bytes, packed) as [UInt32]?)
    case .int64 where Element.self == Int.self: return same(PackedNumbers.integers(bytes, packed) as [Int]?)
    case .int64: return same(PackedNumbers.integers(bytes, packed) as [Int64]?)
    case .uint64 where Element.self == UInt.self:
      return same(PackedNumbers.integers(bytes, packed) as [UInt]?)
    case .uint64: return same(PackedNumbers.integers(bytes, packed) as [UInt64]?)
    default: return nil
    }
  }
}

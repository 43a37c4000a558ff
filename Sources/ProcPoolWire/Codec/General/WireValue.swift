/// The location of a value in a message: a tagged value, or a number of a packed array, which has
/// no tag.
struct WireValue {
  /// The position of the tag; for a packed number, of the number itself.
  let start: Int
  let end: Int
  let packed: PackedKind?

  init(start: Int, end: Int, packed: PackedKind? = nil) {
    self.start = start
    self.end = end
    self.packed = packed
  }
}

/// The content of a container whose header has been read.
struct WireContent {
  var start: Int
  let end: Int
  /// The number of values; unknown for an object.
  let count: Int
  /// The kind of numbers, if it is a packed array.
  let packed: PackedKind?
}

/// A reader of the headers of values, which checks that each value ends within its container.
///
/// All locations that it returns have been checked to lie within `bytes`.
struct ValueReader {
  private let base: UnsafeRawPointer
  /// The end of the value, and the start of the key table.
  let end: Int

  init(base: UnsafeRawPointer, end: Int) {
    self.base = base
    self.end = end
  }

  @inline(__always)
  func byte(_ position: Int) -> UInt8 { base.load(fromByteOffset: position, as: UInt8.self) }

  @inline(__always)
  func load<T: BitwiseCopyable>(_ position: Int, as: T.Type) -> T {
    base.loadUnaligned(fromByteOffset: position, as: T.self)
  }

  func bytes(_ start: Int, _ end: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: base + start, count: end - start)
  }

  /// Reads a varint, and advances `position`.
  @inline(__always)
  func varint(_ position: inout Int, limit: Int) throws(WireError) -> UInt64 {
    guard position < limit else { throw .truncated(needed: 1, remaining: 0, offset: position) }
    let first = byte(position)
    if first < 0x80 {
      position &+= 1
      return UInt64(first)
    }
    return try longVarint(&position, limit: limit)
  }

  @inline(never)
  private func longVarint(_ position: inout Int, limit: Int) throws(WireError) -> UInt64 {
    var reader = WireReader(bytes(position, limit))
    let value = try reader.readVarint()
    position += reader.offset
    return value
  }

  /// Reads a varint that is the length of the content after it.
  @inline(__always)
  func length(_ position: inout Int, limit: Int) throws(WireError) -> Int {
    let announced = try varint(&position, limit: limit)
    guard announced <= UInt64(limit &- position) else {
      throw .tooLong(count: announced, remaining: limit - position, offset: position)
    }
    return Int(truncatingIfNeeded: announced)
  }

  /// The value that starts at `start`, and ends at `limit` or before.
  @inline(__always)
  func value(at start: Int, limit: Int) throws(WireError) -> WireValue {
    guard start < limit else { throw .truncated(needed: 1, remaining: 0, offset: start) }
    let tag = byte(start)
    if tag < Tag.integerEnd { return WireValue(start: start, end: start &+ 1) }
    return try longValue(tag, at: start, limit: limit)
  }

  private func longValue(_ tag: UInt8, at start: Int, limit: Int) throws(WireError) -> WireValue {
    var position = start + 1
    let size: Int
    switch tag {
    case ..<Tag.shortStringEnd: size = Int(tag - Tag.shortString)
    case ..<Tag.negativeEnd, Tag.null, Tag.no, Tag.yes: size = 0
    case Tag.double: size = 8
    case Tag.float: size = 4
    case Tag.int128, Tag.uint128: size = 16
    case Tag.string, Tag.array, Tag.object, Tag.opaque: size = try length(&position, limit: limit)
    case Tag.longInteger, Tag.longNegative:
      _ = try varint(&position, limit: limit)
      size = 0
    case Tag.packed:
      let header = try packedHeader(&position, limit: limit)
      size = header.count * header.kind.size
    case Tag.blocks:
      let header = try blocksHeader(&position, limit: limit)
      size = header.count * header.stride
    case Tag.some, Tag.present:
      while position < limit, byte(position) == Tag.some { position += 1 }
      guard position < limit, byte(position) == Tag.null else {
        throw .malformed("a mark of a null before something else", offset: position)
      }
      size = 1
    default: throw .malformed("a value of an unknown kind (\(tag))", offset: start)
    }
    guard size <= limit - position else {
      throw .truncated(needed: size, remaining: limit - position, offset: position)
    }
    return WireValue(start: start, end: position + size)
  }

  private func packedHeader(
    _ position: inout Int, limit: Int
  ) throws(WireError) -> (kind: PackedKind, count: Int) {
    guard position < limit, let kind = PackedKind(rawValue: byte(position)) else {
      throw .malformed("an array of an unknown kind of numbers", offset: position)
    }
    position += 1
    return (kind, try count(&position, limit: limit, minimumBytesEach: kind.size))
  }

  private func blocksHeader(
    _ position: inout Int, limit: Int
  ) throws(WireError) -> (stride: Int, count: Int) {
    // The stride may exceed the remaining length, because the array may be empty.
    guard let stride = Int(exactly: try varint(&position, limit: limit)), stride > 0 else {
      throw .malformed("an array of structures without a size", offset: position)
    }
    return (stride, try count(&position, limit: limit, minimumBytesEach: stride))
  }

  private func count(_ position: inout Int, limit: Int, minimumBytesEach size: Int) throws(WireError) -> Int {
    let announced = try varint(&position, limit: limit)
    guard announced <= UInt64((limit - position) / size) else {
      throw .tooLong(count: announced, remaining: limit - position, offset: position)
    }
    return Int(announced)
  }

  /// The tag of a value, or `nil` for a packed number.
  @inline(__always)
  func tag(_ value: WireValue) -> UInt8? { value.packed == nil ? byte(value.start) : nil }

  /// The fields of an object, or `nil` if the value is something else.
  func object(_ value: WireValue) throws(WireError) -> WireContent? {
    guard tag(value) == Tag.object else { return nil }
    var position = value.start + 1
    _ = try length(&position, limit: value.end)
    return WireContent(start: position, end: value.end, count: 0, packed: nil)
  }

  /// The elements of an array, packed or not, or `nil` if the value is something else.
  func array(_ value: WireValue) throws(WireError) -> WireContent? {
    var position = value.start + 1
    switch tag(value) {
    case Tag.array:
      _ = try length(&position, limit: value.end)
      let count = try count(&position, limit: value.end, minimumBytesEach: 1)
      return WireContent(start: position, end: value.end, count: count, packed: nil)
    case Tag.packed:
      let header = try packedHeader(&position, limit: value.end)
      return WireContent(start: position, end: value.end, count: header.count, packed: header.kind)
    default: return nil
    }
  }

  /// The element at `content.start`, which is advanced.
  @inline(__always)
  func next(_ content: inout WireContent) throws(WireError) -> WireValue {
    let value: WireValue
    if let kind = content.packed {
      value = WireValue(start: content.start, end: content.start &+ kind.size, packed: kind)
    } else {
      value = try self.value(at: content.start, limit: content.end)
    }
    content.start = value.end
    return value
  }

  /// The memory of an array of `WireBlock` values of a user's type, and the size of one.
  func blocks(_ value: WireValue) throws(WireError) -> (bytes: UnsafeRawBufferPointer, stride: Int)? {
    guard tag(value) == Tag.blocks else { return nil }
    var position = value.start + 1
    let header = try blocksHeader(&position, limit: value.end)
    return (bytes(position, value.end), header.stride)
  }

  /// The bytes that a ``WireCodable`` type wrote.
  func opaque(_ value: WireValue) throws(WireError) -> UnsafeRawBufferPointer? {
    guard tag(value) == Tag.opaque else { return nil }
    var position = value.start + 1
    _ = try length(&position, limit: value.end)
    return bytes(position, value.end)
  }
}

/// A decoder for `Codable` values, which keeps its tables between messages.
final class DecodingSession {
  // Exclusivity is not checked at run time in this class and in `DecodingNode`; see
  // `EncodingSession`. No access calls any code but this module's and the standard library's.
  @exclusivity(unchecked) var keys = KeyReader()
  /// The message; empty between messages.
  @exclusivity(unchecked) private(set) var values = ValueReader(base: DecodingSession.nothing, end: 0)
  /// The number of the current message. A container that outlives its message has another number,
  /// and throws.
  @exclusivity(unchecked) private(set) var message = 0
  /// See ``Reservation``.
  @exclusivity(unchecked) private var reservable = 0
  private var messages = 0
  @exclusivity(unchecked) private var types = TypeCache()

  /// The address of no bytes: aligned, not null, never read.
  private static var nothing: UnsafeRawPointer { UnsafeRawPointer(bitPattern: 16).unsafelyUnwrapped }

  init() {}

  /// Decodes the value that consists of all of `bytes`.
  ///
  /// - Throws: `DecodingError`, or the error that the value's own `init(from:)` throws.
  func decode<Value: Decodable>(_ type: Value.Type, from bytes: UnsafeRawBufferPointer) throws -> Value {
    precondition(message == 0, "a decoding session was used while it was decoding")
    let value: WireValue
    do throws(WireError) {
      value = try open(bytes)
    } catch {
      throw DecodingError.dataCorrupted(
        .init(codingPath: [], debugDescription: error.description, underlyingError: error))
    }
    messages += 1
    message = messages
    reservable = Reservation.limit(bytes.count)
    defer {
      message = 0
      values = ValueReader(base: Self.nothing, end: 0)
    }
    return try get(type, value, at: DecodingPlace(session: self, parent: nil, step: .none))
  }

  /// Reads the key table, and returns the value before it.
  private func open(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> WireValue {
    var end = bytes.count - 1
    guard let base = bytes.baseAddress, end >= 0 else { throw .truncated(needed: 1, remaining: 0, offset: 0) }
    var length = UInt64(bytes[end])
    if length == UInt64(Trailer.long) {
      end -= 8
      guard end >= 0 else { throw .truncated(needed: 9, remaining: bytes.count, offset: 0) }
      length = bytes.loadUnaligned(fromByteOffset: end, as: UInt64.self)
    }
    guard length <= UInt64(end) else { throw .tooLong(count: length, remaining: end, offset: end) }
    let table = end - Int(length)
    try keys.read(UnsafeRawBufferPointer(rebasing: bytes[table..<end]))
    values = ValueReader(base: base, end: table)
    let value = try values.value(at: 0, limit: table)
    guard value.end == table else { throw .trailingBytes(table - value.end, offset: value.end) }
    return value
  }

  /// The number of elements, of `count` announced ones, for which memory may be reserved.
  func reservation<Element>(for count: Int, of _: Element.Type) -> Int {
    Reservation.take(count, of: Element.self, from: &reservable)
  }

  /// The position of a key's name in the table.
  func keyPosition(of name: String) -> Int? { keys.position(of: name) }

  /// Reads one value of any type.
  @inline(__always)
  func get<T: Decodable>(_ type: T.Type, _ value: WireValue, at place: DecodingPlace) throws -> T {
    try way(for: type).get(value, at: place)
  }

  /// The decoding way of a type. Look it up once for many values.
  @inline(__always)
  func way<T: Decodable>(for type: T.Type) -> DecodingStrategy<T> {
    let object = types.object(for: ObjectIdentifier(type)) { DecodingStrategy<T>.find(type) }
    // Safety: `find` returns no other type. A checked cast would cost as much as reading a number.
    return unsafeDowncast(object, to: DecodingStrategy<T>.self)
  }
}

/// The place of a value, for errors and for the values inside it.
struct DecodingPlace {
  let session: DecodingSession
  let parent: DecodingNode?
  let step: PathStep

  var codingPath: [any CodingKey] {
    var path = parent?.codingPath ?? []
    if let key = step.codingKey { path.append(key) }
    return path
  }

  /// The error for a value that is not a `type`.
  func error(_ misfit: Misfit, _ type: Any.Type, _ value: WireValue) -> DecodingError {
    switch misfit {
    case .kind:
      let context = DecodingError.Context(
        codingPath: codingPath,
        debugDescription: "A value of type \(type) was expected, but \(session.describe(value)) was found.")
      return session.values.isNothing(value) ? .valueNotFound(type, context) : .typeMismatch(type, context)
    case .range(let number):
      return .dataCorrupted(
        .init(codingPath: codingPath, debugDescription: "The number \(number) does not fit \(type)."))
    case .malformed(let error):
      return .dataCorrupted(
        .init(codingPath: codingPath, debugDescription: error.description, underlyingError: error))
    }
  }
}

extension DecodingSession {
  /// A description of the kind of a value.
  func describe(_ value: WireValue) -> String {
    guard let tag = values.tag(value) else { return "a number" }
    return switch tag {
    case ..<Tag.integerEnd, Tag.negative..<Tag.negativeEnd, Tag.longInteger, Tag.longNegative, Tag.int128,
      Tag.uint128:
      "an integer"
    case ..<Tag.shortStringEnd, Tag.string: "a string"
    case Tag.null, Tag.some, Tag.present: "nothing"
    case Tag.no, Tag.yes: "a Bool"
    case Tag.float, Tag.double: "a floating-point number"
    case Tag.array, Tag.packed, Tag.blocks: "an array"
    case Tag.object: "an object with keys"
    default: "a value that its own type encoded"
    }
  }
}

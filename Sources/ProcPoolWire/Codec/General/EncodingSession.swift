/// Encodes `Codable` values, one message after the other, and keeps its tables between them.
final class EncodingSession {
  // Exclusivity is not checked at run time in this class and in `EncodingNode`, because the checks would take
  // a tenth of the time of a small structure, and because no access calls anything that could come back here:
  // a key's own `stringValue` and `intValue` at most, which have no encoder.
  @exclusivity(unchecked) var keys = KeyWriter()
  /// Which value may be written to: the innermost one that is being encoded. Others are waiting, or done.
  @exclusivity(unchecked) var turn = 0
  @exclusivity(unchecked) private var turns = 0
  @exclusivity(unchecked) private var types = TypeCache()
  private var isEncoding = false

  init() {}

  /// Appends a message.
  ///
  /// - Throws: `EncodingError`, or whatever the value's own `encode(to:)` throws. The caller takes back what
  ///   has been appended.
  func encode<Value: Encodable>(_ value: Value, into writer: inout WireWriter) throws {
    // A value whose own encoding uses this session again would mix up two messages.
    precondition(!isEncoding, "an encoding session was used while it was encoding")
    isEncoding = true
    keys.begin()
    defer {
      turn = 0
      isEncoding = false
    }
    // The containers reach the writer by its address, because they are handed out and a writer cannot be
    // copied. `turn` is 0 when this returns, and no container touches the address out of its turn.
    try withUnsafeMutablePointer(to: &writer) { out in
      try put(value, at: EncodingPlace(session: self, out: out, parent: nil, step: .none))
    }
    keys.finish(into: &writer)
  }

  /// Writes one value of any type.
  @inline(__always)
  func put<Value: Encodable>(_ value: Value, at place: EncodingPlace) throws {
    try way(for: Value.self).put(value, at: place)
  }

  /// How values of a type are written. Look it up once for many values.
  @inline(__always)
  func way<Value: Encodable>(for type: Value.Type) -> EncodingWay<Value> {
    let object = types.object(for: ObjectIdentifier(type)) { EncodingWay<Value>.find(type) }
    // Not checked because `find` makes nothing else, and a checked cast costs as much as writing a number.
    return unsafeDowncast(object, to: EncodingWay<Value>.self)
  }

  /// Gives `node` the turn, and returns who had it.
  func begin(_ node: EncodingNode) -> Int {
    turns += 1
    node.turn = turns
    let waiting = turn
    turn = turns
    return waiting
  }
}

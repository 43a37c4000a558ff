/// An encoder for `Codable` values, which keeps its tables between messages.
final class EncodingSession {
  // Safety: exclusivity is not checked at run time in this class and in `EncodingNode`, because the
  // checks would take a tenth of the time of a small structure. No access calls code that could use
  // the session again: at most a key's own `stringValue` and `intValue`, which have no encoder.
  @exclusivity(unchecked) var keys = KeyWriter()
  /// The value that may be written to: the innermost one that is being encoded. Others are waiting
  /// or complete.
  @exclusivity(unchecked) var turn = 0
  @exclusivity(unchecked) private var turns = 0
  @exclusivity(unchecked) private var types = TypeCache()
  private var isEncoding = false

  init() {}

  /// Appends a message.
  ///
  /// - Throws: `EncodingError`, or the error that the value's own `encode(to:)` throws. The caller
  ///   removes the appended bytes.
  func encode<Value: Encodable>(_ value: Value, into writer: inout WireWriter) throws {
    // Using the session while it encodes would mix up two messages.
    precondition(!isEncoding, "an encoding session was used while it was encoding")
    isEncoding = true
    keys.begin()
    defer {
      turn = 0
      isEncoding = false
    }
    // Safety: containers access the writer by its address, because they escape and a writer cannot
    // be copied. `turn` is 0 when this returns, and no container uses the address out of its turn.
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

  /// The encoding way of a type. Look it up once for many values.
  @inline(__always)
  func way<Value: Encodable>(for type: Value.Type) -> EncodingStrategy<Value> {
    let object = types.object(for: ObjectIdentifier(type)) { EncodingStrategy<Value>.find(type) }
    // Safety: `find` returns no other type. A checked cast would cost as much as writing a number.
    return unsafeDowncast(object, to: EncodingStrategy<Value>.self)
  }

  /// Gives `node` the turn, and returns the previous turn.
  func begin(_ node: EncodingNode) -> Int {
    turns += 1
    node.turn = turns
    let waiting = turn
    turn = turns
    return waiting
  }
}

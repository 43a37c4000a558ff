/// The `Decoder` of one value.
///
/// The search for a field of an object starts after the last one that was found, so a type that
/// decodes its properties in the order in which it encoded them finds each immediately.
final class DecodingNode: Decoder {
  let session: DecodingSession
  let value: WireValue
  let parent: DecodingNode?
  let step: PathStep
  let depth: Int
  /// The number of enclosing containers that were opened by name; see ``Nesting``.
  private let waiting: Int
  private let message: Int
  @exclusivity(unchecked) private var content: WireContent?
  /// The position at which the next field is expected.
  @exclusivity(unchecked) private var cursor = 0
  /// The fields by name, created when a linear search has taken too long.
  @exclusivity(unchecked) private var index: [KeyText: WireValue]?
  @exclusivity(unchecked) private var steps = 0

  /// The number of fields that may be skipped before the index is created. It exceeds the size of
  /// most structures, so that only objects with hundreds of keys, read in an unusual order, need an
  /// index.
  private static let patience = 256

  var userInfo: [CodingUserInfoKey: Any] { [:] }

  init(
    session: DecodingSession, value: WireValue, parent: DecodingNode?, step: PathStep, isNested: Bool = false
  ) {
    self.session = session
    self.value = value
    self.parent = parent
    self.step = step
    depth = parent.map { $0.depth + 1 } ?? 0
    waiting = isNested ? (parent?.waiting ?? 0) + 1 : 0
    message = session.message
  }

  var codingPath: [any CodingKey] {
    var path: [any CodingKey] = []
    var node: DecodingNode? = self
    while let current = node {
      if let key = current.step.codingKey { path.append(key) }
      node = current.parent
    }
    return path.reversed()
  }

  func place(_ step: PathStep) -> DecodingPlace {
    DecodingPlace(session: session, parent: self, step: step)
  }

  @inline(__always)
  func checkDepth() throws {
    do throws(WireError) {
      try Nesting.check(depth, waiting: waiting)
    } catch {
      throw tooDeep(error)
    }
  }

  @inline(never)
  private func tooDeep(_ error: WireError) -> DecodingError {
    .dataCorrupted(
      .init(
        codingPath: Array(codingPath.prefix(Nesting.pathLength)), debugDescription: error.description,
        underlyingError: error))
  }

  /// Checks that the message is still being decoded.
  @inline(__always)
  func checkMessage() throws {
    if message != session.message || message == 0 { throw outlived() }
  }

  @inline(never)
  private func outlived() -> DecodingError {
    .dataCorrupted(
      .init(
        codingPath: codingPath,
        debugDescription: "A decoder or container was used after its message had been decoded."))
  }

  // MARK: Decoder

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    try openObject()
    return KeyedDecodingContainer(KeyedSource<Key>(node: self))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    try checkMessage()
    do {
      guard let content = try session.values.array(value) else {
        throw place(.none).error(.kind, [Any].self, value)
      }
      return UnkeyedSource(node: self, content: content)
    } catch let error as WireError {
      throw place(.none).error(.malformed(error), [Any].self, value)
    }
  }

  func singleValueContainer() throws -> any SingleValueDecodingContainer {
    try checkMessage()
    return SingleSource(node: self)
  }

  private func openObject() throws {
    try checkMessage()
    guard content == nil else { return }
    do {
      guard let content = try session.values.object(value) else {
        throw place(.none).error(.kind, [String: Any].self, value)
      }
      self.content = content
      cursor = content.start
    } catch let error as WireError {
      throw place(.none).error(.malformed(error), [String: Any].self, value)
    }
  }

  // MARK: Fields

  private enum FieldName {
    case entry(Int)
    case string(String)
    case integer(Int64)
  }

  /// Reads the name of the field at `position` and moves behind it.
  @inline(__always)
  private func fieldName(_ position: inout Int, limit: Int) throws(WireError) -> FieldName {
    let reference = try session.values.varint(&position, limit: limit)
    if reference >= KeyReference.firstEntry {
      let entry = reference - KeyReference.firstEntry
      guard entry < UInt64(session.keys.names.count) else {
        throw .malformed("a key that is not in the table", offset: position)
      }
      return .entry(Int(truncatingIfNeeded: entry))
    }
    return try inlineName(reference, &position, limit: limit)
  }

  @inline(never)
  private func inlineName(
    _ reference: UInt64, _ position: inout Int, limit: Int
  ) throws(WireError) -> FieldName {
    guard reference == KeyReference.inlineString else {
      return .integer(WireVarint.unzigzag(try session.values.varint(&position, limit: limit)))
    }
    let length = try session.values.length(&position, limit: limit)
    position += length
    return .string(
      try String(validating: session.values.bytes(position - length, position), offset: position))
  }

  /// The name as a string.
  private func text(_ name: FieldName) -> String {
    switch name {
    case .entry(let entry): session.keys.names[entry]
    case .string(let text): text
    case .integer(let number): String(number)
    }
  }

  /// Finds the value of a field; with `advance`, expects the next one behind it.
  func field(named name: String, advance: Bool) throws -> WireValue? {
    try checkMessage()
    do throws(WireError) {
      guard let content else { return nil }
      if cursor < content.end {
        var position = cursor
        if case .entry(let entry) = try fieldName(&position, limit: content.end),
          session.keys.isKey(at: entry, name)
        {
          let found = try session.values.value(at: position, limit: content.end)
          if advance { cursor = found.end }
          return found
        }
      }
      guard let found = try search(name, content) else { return nil }
      if advance { cursor = found.end }
      return found
    } catch {
      throw place(.key(name)).error(.malformed(error), Any.self, value)
    }
  }

  private func search(_ name: String, _ content: WireContent) throws(WireError) -> WireValue? {
    if index == nil && steps > Self.patience { index = try makeIndex(content) }
    if let index { return index[KeyText(name)] }
    let entry = session.keyPosition(of: name)
    if let found = try scan(name, entry, from: cursor, to: content.end) { return found }
    return try scan(name, entry, from: content.start, to: cursor)
  }

  private func scan(_ name: String, _ entry: Int?, from: Int, to: Int) throws(WireError) -> WireValue? {
    var position = from
    while position < to {
      steps += 1
      let found: Bool
      switch try fieldName(&position, limit: to) {
      case .entry(let candidate):
        found =
          candidate == entry || session.keys.hasTwins && isSameKey(session.keys.names[candidate], name)
      case .string(let text): found = isSameKey(text, name)
      case .integer(let number): found = String(number) == name
      }
      let value = try session.values.value(at: position, limit: to)
      if found { return value }
      position = value.end
    }
    return nil
  }

  private func makeIndex(_ content: WireContent) throws(WireError) -> [KeyText: WireValue] {
    var index: [KeyText: WireValue] = [:]
    var position = content.start
    while position < content.end {
      let name = KeyText(text(try fieldName(&position, limit: content.end)))
      let value = try session.values.value(at: position, limit: content.end)
      if index[name] == nil { index[name] = value }
      position = value.end
    }
    return index
  }

  /// Calls `body` with the name of every field, and the number that its key had.
  func forEachField(_ body: (_ name: String, _ number: Int?, WireValue) throws -> Void) throws {
    try checkMessage()
    guard let content else { return }
    var position = content.start
    while position < content.end {
      let name: FieldName
      let field: WireValue
      do throws(WireError) {
        name = try fieldName(&position, limit: content.end)
        field = session.values.unmarked(try session.values.value(at: position, limit: content.end))
      } catch {
        throw place(.none).error(.malformed(error), Any.self, value)
      }
      position = field.end
      switch name {
      case .entry(let entry): try body(session.keys.names[entry], session.keys.numbers[entry], field)
      case .string(let text): try body(text, nil, field)
      case .integer(let number): try body(String(number), Int(number), field)
      }
    }
  }

  /// Creates the node of a value inside this one.
  func nested(_ value: WireValue, _ step: PathStep) throws -> DecodingNode {
    let node = DecodingNode(session: session, value: value, parent: self, step: step, isNested: true)
    try node.checkDepth()
    return node
  }

  /// Opens the object for types that read it without a container.
  func prepareFields() throws { try openObject() }
}

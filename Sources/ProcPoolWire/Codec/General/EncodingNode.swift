/// The `Encoder` of one value.
///
/// Values are written directly into the message: while one is written, the enclosing ones wait.
/// Containers that a value requests by name (`nestedContainer`, `superEncoder`) may be written in
/// any order, so each has a buffer of its own, which is moved to its place when the value is
/// complete.
final class EncodingNode: Encoder {
  enum Kind {
    case undecided
    case single
    case unkeyed
    case keyed
  }

  let session: EncodingSession
  let out: UnsafeMutablePointer<WireWriter>
  let parent: EncodingNode?
  let step: PathStep
  let depth: Int
  /// Equal to the session's while this node may be written to.
  @exclusivity(unchecked) var turn = 0
  @exclusivity(unchecked) var kind = Kind.undecided
  /// The position of the value in `out`.
  let start: Int
  /// The number of elements of an unkeyed container that have been written.
  @exclusivity(unchecked) var count = 0
  /// The keys of the fields written so far.
  @exclusivity(unchecked) var keys = FieldKeys()
  /// The first error in a place that cannot throw; reported at the end.
  @exclusivity(unchecked) private var mistake: Mistake?
  /// The containers that this value has requested by name, and the place of each in `out`.
  @exclusivity(unchecked) var nested: [(node: EncodingNode, offset: Int)] = []
  /// For an encoder inside another value: the length of that value when a container was requested.
  /// The later of two values for one key counts, and an encoder that is kept counts from its use.
  @exclusivity(unchecked) private(set) var usedAt = 0
  private let ownsOut: Bool
  /// The number of enclosing containers that were opened by name; see ``Nesting``.
  private let waiting: Int

  var userInfo: [CodingUserInfoKey: Any] { [:] }

  init(session: EncodingSession, out: UnsafeMutablePointer<WireWriter>, parent: EncodingNode?, step: PathStep)
  {
    self.session = session
    self.out = out
    self.parent = parent
    self.step = step
    depth = parent.map { $0.depth + 1 } ?? 0
    start = out.pointee.count
    ownsOut = false
    waiting = 0
  }

  /// Creates a container inside `parent`, with a buffer of its own.
  init(nestedIn parent: EncodingNode, step: PathStep) {
    session = parent.session
    out = .allocate(capacity: 1)
    out.initialize(to: WireWriter())
    self.parent = parent
    self.step = step
    depth = parent.depth + 1
    start = 0
    ownsOut = true
    waiting = parent.waiting + 1
    turn = parent.turn
  }

  deinit {
    if ownsOut {
      out.deinitialize(count: 1)
      out.deallocate()
    }
  }

  var codingPath: [any CodingKey] {
    var path: [any CodingKey] = []
    var node: EncodingNode? = self
    while let current = node {
      if let key = current.step.codingKey { path.append(key) }
      node = current.parent
    }
    return path.reversed()
  }

  func place(_ step: PathStep) -> EncodingPlace {
    EncodingPlace(session: session, out: out, parent: self, step: step)
  }

  /// The error for a value that cannot be encoded here.
  func error<Value>(_ value: Value, _ description: String, underlying: (any Error)? = nil) -> EncodingError {
    .invalidValue(
      value, .init(codingPath: codingPath, debugDescription: description, underlyingError: underlying))
  }

  // Generic, here and in `finish`, because an `Any` would copy the value to the heap.
  @inline(__always)
  func checkDepth<Value>(_ value: Value) throws {
    do throws(WireError) {
      try Nesting.check(depth)
    } catch {
      throw tooDeep(value, error)
    }
  }

  /// The error for a value that is nested too deeply. It contains the type rather than the value,
  /// because printing such a value with the error would exhaust the stack.
  @inline(never)
  private func tooDeep<Value>(_ value: Value, _ error: WireError) -> EncodingError {
    .invalidValue(
      Value.self,
      .init(
        codingPath: Array(codingPath.prefix(Nesting.pathLength)), debugDescription: error.description,
        underlyingError: error))
  }

  /// Checks that a container of this value may be written to now; `value` is what is to be written.
  @inline(__always)
  func checkTurn<Value>(_ value: @autoclosure () -> Value) throws {
    if turn != session.turn { throw outOfTurn(value()) }
  }

  @inline(never)
  private func outOfTurn<Value>(_ value: Value) -> EncodingError {
    error(value, mistake ?? Mistake(Self.outOfTurn))
  }

  /// An error in a place that cannot throw. A class, because nearly all nodes have none.
  private final class Mistake {
    let description: String
    /// The reason, if values are nested too deeply.
    let depth: WireError?

    init(_ description: String, depth: WireError? = nil) {
      self.description = description
      self.depth = depth
    }
  }

  private func error<Value>(_ value: Value, _ mistake: Mistake) -> EncodingError {
    if let depth = mistake.depth { return tooDeep(value, depth) }
    return error(value, mistake.description)
  }

  private static var outOfTurn: String {
    "A container was used while a value inside it was being encoded, or after its own value was complete."
  }

  // MARK: Encoder

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    become(.keyed)
    return KeyedEncodingContainer(KeyedSink<Key>(node: self))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    become(.unkeyed)
    return UnkeyedSink(node: self)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer {
    SingleSink(node: self)
  }

  /// Sets the kind of the value, which its first container determines; further containers must have
  /// the same kind.
  func become(_ wanted: Kind) {
    guard kind != wanted || wanted == .single else { return }
    guard turn == session.turn else { return fail(Self.outOfTurn) }
    if kind == .undecided {
      writeHeader(of: wanted)
    } else if kind != .single || !reopen(as: wanted) {
      return fail("The value asked for containers of different kinds, or wrote two values.")
    }
    kind = wanted
    if ownsOut, let parent { usedAt = parent.out.pointee.count }
  }

  /// Records an error, after which every write fails.
  func fail(_ description: String) {
    fail(Mistake(description))
  }

  private func fail(_ mistake: Mistake) {
    if self.mistake == nil { self.mistake = mistake }
    turn = -1
  }

  /// The number of bytes that are reserved for the length of a container: one, because most are
  /// short. A longer length moves the content, so in a deep value only the outermost 512 containers
  /// may do that, which is the depth that JSON decoders support.
  var lengthBytes: Int { depth < 512 ? 1 : 4 }

  /// The position of the fields or elements of a container.
  var contentStart: Int { start + 1 + lengthBytes + (kind == .unkeyed ? 1 : 0) }

  /// Writes the header of a container, with room for the length and the count.
  func writeHeader(of kind: Kind) {
    guard kind == .keyed || kind == .unkeyed else { return }
    out.pointee.writeByte(kind == .keyed ? Tag.object : Tag.array)
    if lengthBytes == 1 { out.pointee.writeByte(0) } else { out.pointee.writeFixed(UInt32(0)) }
    // The count.
    if kind == .unkeyed { out.pointee.writeByte(0) }
  }

  /// Removes the bytes of a value that failed, so that the caller may write another.
  func rewind() {
    out.pointee.truncate(to: start)
    kind = .undecided
  }

  /// Creates a container at the current end of the value.
  func makeNested(_ step: PathStep) -> EncodingNode {
    let node = EncodingNode(nestedIn: self, step: step)
    do throws(WireError) {
      try Nesting.check(node.depth, waiting: node.waiting)
      if turn == session.turn {
        nested.append((node, out.pointee.count))
        return node
      }
      node.fail(mistake ?? Mistake(Self.outOfTurn))
    } catch {
      node.fail(Mistake(error.description, depth: error))
    }
    // Writes to the container report the error, and so does the end of this value.
    if mistake == nil { mistake = node.mistake }
    return node
  }

  // MARK: The end

  /// Completes the value: moves nested containers to their places, and writes the length.
  func finish<Value>(_ value: Value) throws {
    if let mistake { throw error(value, mistake) }
    if kind == .keyed, keys.hasRepeats || session.keys.hasTwins { try removeRepeats(value) }
    if !nested.isEmpty { try insertNested(value) }
    switch kind {
    case .single: break
    case .keyed: out.pointee.patchLength(at: start + 1, reserved: lengthBytes)
    case .unkeyed: out.pointee.patchLength(at: start + 1, reserved: lengthBytes, count: count)
    case .undecided:
      out.pointee.writeByte(Tag.object)
      out.pointee.writeByte(0)
    }
  }

  private func insertNested<Value>(_ value: Value) throws {
    var total = 0
    for (node, _) in nested {
      try node.finish(value)
      total += node.out.pointee.count
    }
    // From the last to the first, so that every byte moves once.
    var end = out.pointee.count
    _ = out.pointee.appendUninitialized(total)
    let base = UnsafeMutableRawPointer(mutating: out.pointee.bytes.baseAddress.unsafelyUnwrapped)
    for (node, offset) in nested.reversed() {
      (base + offset + total).copyMemory(from: base + offset, byteCount: end - offset)
      end = offset
      let bytes = node.out.pointee.bytes
      total -= bytes.count
      UnsafeMutableRawBufferPointer(start: base + offset + total, count: bytes.count).copyMemory(from: bytes)
    }
    nested = []
    keys.containers = nil
  }

  /// Whether this node and those of its containers retain each other, until the value is complete
  /// or abandoned.
  @inline(__always)
  var hasNested: Bool { !nested.isEmpty }

  /// Releases the containers of a value that has failed or was replaced.
  func abandon() {
    // Iterative, because containers may be nested arbitrarily deep.
    var rest = [self]
    while let node = rest.popLast() {
      rest += node.nested.lazy.map(\.node)
      node.nested = []
      node.keys.containers = nil
    }
  }
}

extension WireWriter {
  /// Completes a header whose length has `reserved` bytes at `offset` and covers everything after
  /// it. With a `count`, one more byte is reserved for the count, which the length includes.
  mutating func patchLength(at offset: Int, reserved: Int, count elements: Int? = nil) {
    let countLength = elements.map { WireVarint.length(UInt64($0)) } ?? 0
    let content = offset + reserved + (elements == nil ? 0 : 1)
    let length = count - content + countLength
    let lengthLength = max(WireVarint.length(UInt64(length)), reserved)
    let missing = offset + lengthLength + countLength - content
    if missing > 0 { makeGap(of: missing, at: content) }
    patchVarint(UInt64(length), length: lengthLength, at: offset)
    if let elements { patchVarint(UInt64(elements), length: countLength, at: offset + lengthLength) }
  }
}

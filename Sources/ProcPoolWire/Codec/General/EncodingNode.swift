/// One value that is being encoded, seen as the `Encoder` that it asks for a container.
///
/// Values are written straight into the message: while one is written, those around it wait. The containers
/// that a value asks for by name (`nestedContainer`, `superEncoder`) may be written in any order, so each of
/// them gets a buffer of its own, which is put into its place when the value is complete.
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
  /// Where the value begins in `out`.
  let start: Int
  /// How many elements of an unkeyed container have been written.
  @exclusivity(unchecked) var count = 0
  /// The keys of the fields written so far.
  @exclusivity(unchecked) var keys = FieldKeys()
  /// The first mistake in a place that cannot throw; reported at the end.
  @exclusivity(unchecked) private var mistake: Mistake?
  /// The containers that this value has asked for by name, and where each belongs in `out`.
  @exclusivity(unchecked) var nested: [(node: EncodingNode, offset: Int)] = []
  /// Of an encoder inside another value, how much of that had been written when a container was asked for: as of
  /// two values for one key the later one counts, an encoder that is kept counts from its use.
  @exclusivity(unchecked) private(set) var usedAt = 0
  private let ownsOut: Bool
  /// How many of the containers around this one were opened by name; see ``Nesting``.
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

  /// A container inside `parent`, with a buffer of its own.
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

  /// What is thrown for a value that cannot be encoded here.
  func error<Value>(_ value: Value, _ description: String, underlying: (any Error)? = nil) -> EncodingError {
    .invalidValue(
      value, .init(codingPath: codingPath, debugDescription: description, underlyingError: underlying))
  }

  // Generic, here and in `finish`, because an `Any` would be a copy of the value on the heap.
  @inline(__always)
  func checkDepth<Value>(_ value: Value) throws {
    do throws(WireError) {
      try Nesting.check(depth)
    } catch {
      throw tooDeep(value, error)
    }
  }

  /// Names the type in place of the value: an error is printed with what it holds, and printing what is too deep to
  /// be encoded would exhaust the stack.
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

  /// A class, because there is none in nearly all nodes.
  private final class Mistake {
    let description: String
    /// The reason, if it was to nest too deeply.
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

  /// Decides what the value is: its first container says, and the others must agree.
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

  /// Notes a mistake. No write can succeed any more.
  func fail(_ description: String) {
    fail(Mistake(description))
  }

  private func fail(_ mistake: Mistake) {
    if self.mistake == nil { self.mistake = mistake }
    turn = -1
  }

  /// Bytes that are set aside for a container's length: one, because most are short. A longer length moves all that
  /// it measures, so in a deep value only the outermost containers may do that: 512, as many as JSON can be read with.
  var lengthBytes: Int { depth < 512 ? 1 : 4 }

  /// Where the fields or elements of a container begin.
  var contentStart: Int { start + 1 + lengthBytes + (kind == .unkeyed ? 1 : 0) }

  /// Writes what comes before the content, without what is not known yet.
  func writeHeader(of kind: Kind) {
    guard kind == .keyed || kind == .unkeyed else { return }
    out.pointee.writeByte(kind == .keyed ? Tag.object : Tag.array)
    if lengthBytes == 1 { out.pointee.writeByte(0) } else { out.pointee.writeFixed(UInt32(0)) }
    // The count.
    if kind == .unkeyed { out.pointee.writeByte(0) }
  }

  /// Takes back what was written of a value that failed, so that the caller may write another.
  func rewind() {
    out.pointee.truncate(to: start)
    kind = .undecided
  }

  /// Makes a container at the end of what has been written so far.
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
    // What is written to it says so, and so does the end of this value.
    if mistake == nil { mistake = node.mistake }
    return node
  }

  // MARK: The end

  /// Completes the value: puts nested containers into their places, and the length before the content.
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

  /// Whether this node and those of its containers hold each other: until the value is complete, or given up.
  @inline(__always)
  var hasNested: Bool { !nested.isEmpty }

  /// Lets go of the containers of a value that has failed, or is not there any more.
  func abandon() {
    // Not recursive, for they may be nested without end.
    var rest = [self]
    while let node = rest.popLast() {
      rest += node.nested.lazy.map(\.node)
      node.nested = []
      node.keys.containers = nil
    }
  }
}

extension WireWriter {
  /// Completes a header whose length takes `reserved` bytes at `offset` and measures everything after it.
  /// With a `count`, one more byte is reserved for that, and it is measured as well.
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

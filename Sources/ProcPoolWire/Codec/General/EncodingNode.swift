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
  @exclusivity(unchecked) private(set) var kind = Kind.undecided
  /// Where the value begins in `out`.
  private let start: Int
  /// How many elements of an unkeyed container have been written.
  @exclusivity(unchecked) var count = 0
  /// The first mistake in a place that cannot throw; reported at the end.
  private var mistake: String?
  @exclusivity(unchecked) private var nested: [(node: EncodingNode, offset: Int)] = []
  private let ownsOut: Bool

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
  }

  /// A container inside `parent`, with a buffer of its own.
  private init(nestedIn parent: EncodingNode, step: PathStep) {
    session = parent.session
    out = .allocate(capacity: 1)
    out.initialize(to: WireWriter())
    self.parent = parent
    self.step = step
    depth = parent.depth + 1
    start = 0
    ownsOut = true
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
  func checkDepth<Value>(_ value: Value) throws {
    guard depth < WireLimits.maximumDepth else {
      let reason = WireError.tooDeep(limit: WireLimits.maximumDepth)
      throw error(value, reason.description, underlying: reason)
    }
  }

  /// Checks that a container of this value may be written to now.
  @inline(__always)
  func checkTurn() throws {
    if turn != session.turn { throw outOfTurn() }
  }

  @inline(never)
  private func outOfTurn() -> EncodingError {
    error(
      self,
      "A container was used while a value inside it was being encoded, or after its own value was complete.")
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
    guard kind == .undecided, turn == session.turn else {
      if mistake == nil {
        mistake = "The value asked for containers of different kinds, or wrote two values."
      }
      // No write can succeed any more.
      turn = -1
      return
    }
    kind = wanted
    switch wanted {
    case .keyed:
      out.pointee.writeByte(Tag.object)
      out.pointee.writeByte(0)
    case .unkeyed:
      out.pointee.writeByte(Tag.array)
      out.pointee.writeFixed(UInt16(0))
    case .single, .undecided: break
    }
  }

  /// Makes a container at the end of what has been written so far.
  func makeNested(_ step: PathStep) -> EncodingNode {
    let node = EncodingNode(nestedIn: self, step: step)
    if turn != session.turn || node.depth >= WireLimits.maximumDepth {
      if mistake == nil { mistake = "A nested container was opened too deep, or out of turn." }
      node.turn = -1
    } else {
      nested.append((node, out.pointee.count))
    }
    return node
  }

  // MARK: The end

  /// Completes the value: puts nested containers into their places, and the length before the content.
  func finish<Value>(_ value: Value) throws {
    if let mistake { throw error(value, mistake) }
    if !nested.isEmpty { try insertNested(value) }
    switch kind {
    case .single: break
    case .keyed: out.pointee.patchLength(at: start + 1, reserved: 1)
    case .unkeyed: out.pointee.patchLength(at: start + 1, reserved: 1, count: count)
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

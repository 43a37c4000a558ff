// The fields of an object, for values that write a key twice: a class that writes a key of its base
// class again, or two containers for one key. As with Foundation's encoders the last value counts,
// and each key occurs once.
//
// Writing a field only records the index of its key. A repeated field is appended, and the earlier
// one is removed when the object is complete, so that other objects do not pay for it.

/// The keys of an object's fields.
struct FieldKeys {
  /// A bit for each reference below 64.
  var early: UInt64 = 0
  /// The highest reference so far. Keys are numbered as they first appear, so a higher one is new.
  var highest: UInt64 = 63
  /// The references from 64 on; created when the first of them is out of order.
  var late: Set<UInt64>?
  /// The last container of each key whose last value is one; created when a container is requested
  /// again.
  var containers: [KeyText: EncodingNode]?
  /// Whether a key may have been written twice.
  var hasRepeats = false
  /// Whether there are unrecorded fields, from a value that was written elsewhere.
  var areUnknown = false
}

extension EncodingNode {
  /// Records a field before its key is written.
  @inline(__always)
  func noteField(_ reference: UInt64) {
    if reference < 64 {
      let bit = 1 &<< reference
      if keys.early & bit != 0 { noteRepeat(reference) }
      keys.early |= bit
    } else if reference > keys.highest && keys.late == nil {
      keys.highest = reference
    } else {
      noteLate(reference)
    }
  }

  @inline(never)
  private func noteLate(_ reference: UInt64) {
    collectLate()
    if keys.late?.insert(reference).inserted != true { noteRepeat(reference) }
  }

  @inline(never)
  private func noteRepeat(_ reference: UInt64) {
    keys.hasRepeats = true
    // The value that follows replaces a container.
    keys.containers?[KeyText(session.keys.name(at: Int(reference - KeyReference.firstEntry)))] = nil
  }

  private func collectLate() {
    guard keys.late == nil else { return }
    var late: Set<UInt64> = []
    for field in (try? writtenFields()) ?? [] {
      if case .entry(let index) = field.name { late.insert(KeyReference.firstEntry + UInt64(index)) }
    }
    keys.late = late
  }

  /// Whether there may be a field of this key.
  private func mayHave(_ reference: UInt64) -> Bool {
    if keys.areUnknown || session.keys.hasTwins { return true }
    if reference < 64 { return keys.early & 1 &<< reference != 0 }
    if reference > keys.highest && keys.late == nil { return false }
    collectLate()
    return keys.late?.contains(reference) ?? true
  }

  // MARK: Written fields

  /// A field in `out`, before nested containers have been moved to their places.
  private struct WrittenField {
    enum Name {
      case entry(Int)
      case text(String)
    }
    let name: Name
    let start: Int
    /// The position of its value. The value of a nested container is still elsewhere.
    let valueStart: Int
    let end: Int
    let nested: EncodingNode?

    /// The time of the write; the later of two values for one key counts.
    var time: Int { max(start, nested?.usedAt ?? 0) }
  }

  private func writtenFields() throws(WireError) -> [WrittenField] {
    let end = out.pointee.count
    guard let base = out.pointee.bytes.baseAddress else { return [] }
    let values = ValueReader(base: base, end: end)
    var fields: [WrittenField] = []
    var next = 0
    var position = contentStart
    while position < end {
      let start = position
      let name: WrittenField.Name
      switch try values.varint(&position, limit: end) {
      case KeyReference.inlineString:
        let length = try values.length(&position, limit: end)
        position += length
        name = .text(try String(validating: values.bytes(position - length, position), offset: position))
      case KeyReference.inlineInteger:
        name = .text(String(WireVarint.unzigzag(try values.varint(&position, limit: end))))
      case let reference: name = .entry(Int(reference - KeyReference.firstEntry))
      }
      let valueStart = position
      var container: EncodingNode?
      if next < nested.count, nested[next].offset == position {
        container = nested[next].node
        next += 1
      } else {
        position = try values.value(at: position, limit: end).end
      }
      fields.append(
        WrittenField(name: name, start: start, valueStart: valueStart, end: position, nested: container))
    }
    return fields
  }

  private func text(_ field: WrittenField) -> KeyText {
    switch field.name {
    case .entry(let index): KeyText(session.keys.name(at: index))
    case .text(let text): KeyText(text)
    }
  }

  /// Removes all but the last field of each key.
  func removeRepeats<Value>(_ value: Value) throws {
    let written: [WrittenField]
    do throws(WireError) {
      written = try writtenFields()
    } catch {
      // Does not happen for bytes that this module has written.
      throw self.error(value, error.description, underlying: error)
    }
    var last: [KeyText: Int] = [:]
    for (position, field) in written.enumerated() {
      let name = text(field)
      if let other = last[name], written[other].time > field.time { continue }
      last[name] = position
    }
    guard last.count < written.count else { return }
    let base = UnsafeMutableRawPointer(mutating: out.pointee.bytes.baseAddress.unsafelyUnwrapped)
    var end = contentStart
    var kept: [(node: EncodingNode, offset: Int)] = []
    for (position, field) in written.enumerated() {
      guard last[text(field)] == position else {
        field.nested?.abandon()
        continue
      }
      (base + end).copyMemory(from: base + field.start, byteCount: field.end - field.start)
      if let node = field.nested { kept.append((node, end + field.valueStart - field.start)) }
      end += field.end - field.start
    }
    out.pointee.truncate(to: end)
    nested = kept
    keys.containers = nil
  }

  // MARK: Containers under a key

  /// Returns the container for a key: the existing one, so that the content of two containers is
  /// merged, or a new one. A complete value is reopened if it has the requested kind.
  func container(for key: some CodingKey) -> EncodingNode {
    guard turn == session.turn else { return newContainer(for: key) }
    let reference = session.keys.reference(key)
    guard mayHave(reference) else { return newContainer(for: key, reference) }
    let name = KeyText(key.stringValue)
    if let node = keys.containers?[name], !session.keys.hasTwins { return node }
    guard let last = lastField(name) else { return newContainer(for: key, reference) }
    if let node = last.nested { return node }
    let bytes = Array(out.pointee.bytes[last.valueStart..<last.end])
    let node = newContainer(for: key, reference)
    bytes.withUnsafeBytes { node.out.pointee.writeBytes($0) }
    node.kind = .single
    return node
  }

  /// Returns a new container for a key, which replaces its value.
  func newContainer(for key: some CodingKey) -> EncodingNode {
    guard turn == session.turn else { return makeNested(.key(key.stringValue)) }
    return newContainer(for: key, session.keys.reference(key))
  }

  private func newContainer(for key: some CodingKey, _ reference: UInt64) -> EncodingNode {
    noteField(reference)
    out.pointee.writeReference(reference)
    let node = makeNested(.key(key.stringValue))
    keys.containers?[KeyText(key.stringValue)] = node
    return node
  }

  /// Returns the last field of a key. Also records the containers of all keys, because further
  /// containers are likely to be requested again.
  @inline(never)
  private func lastField(_ name: KeyText) -> WrittenField? {
    var last: [KeyText: WrittenField] = [:]
    for field in (try? writtenFields()) ?? [] {
      let name = text(field)
      if let other = last[name], other.time > field.time { continue }
      last[name] = field
    }
    keys.containers = last.compactMapValues(\.nested)
    return last[name]
  }
}

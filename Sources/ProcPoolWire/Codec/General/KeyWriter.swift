/// The keys of the messages that one session writes.
///
/// A key's text is written once per message, in the table at its end; fields name it by its index there.
/// Between messages the keys are remembered, and also which key followed which: the next one is nearly always
/// the one that came next last time, and a comparison of two short strings is all that it costs.
struct KeyWriter {
  private struct Entry {
    let name: String
    let number: Int?
    /// The message in which `index` was given out.
    var message: UInt64
    var index: Int
    /// The entry that followed this one most recently.
    var successor: Int
  }

  private var entries: [Entry] = []
  private var positions: [String: Int] = [:]
  private var message: UInt64 = 0
  private var last = 0

  /// The entries used in this message, in the order of their indices.
  private var used: [Int] = []
  /// The entries of the most recent table that was written, and its bytes.
  private var written: [Int] = []
  private var table = WireTable()

  /// More keys than any program has property names; a session that has met more was given dynamic keys, and
  /// forgets them before the next message instead of keeping them all.
  private static let memory = 4096

  /// Starts a message.
  mutating func begin() {
    if entries.count > Self.memory {
      entries.removeAll()
      positions.removeAll()
      written.removeAll()
      table = WireTable()
      last = 0
    }
    message += 1
    used.removeAll(keepingCapacity: true)
  }

  /// The reference to write for `key`.
  @inline(__always)
  mutating func reference(_ key: some CodingKey) -> UInt64 {
    let name = key.stringValue
    if last < entries.count {
      let guess = entries[last].successor
      if entries[guess].name == name {
        if entries[guess].message != message { use(guess) }
        last = guess
        return KeyReference.firstEntry &+ UInt64(truncatingIfNeeded: entries[guess].index)
      }
    }
    return search(name, number: key.intValue)
  }

  @inline(never)
  private mutating func search(_ name: String, number: Int?) -> UInt64 {
    let found: Int
    if let position = positions[name] {
      found = position
    } else {
      found = entries.count
      entries.append(Entry(name: name, number: number, message: 0, index: 0, successor: 0))
      positions[name] = found
    }
    if entries[found].message != message { use(found) }
    entries[last].successor = found
    last = found
    return KeyReference.firstEntry + UInt64(entries[found].index)
  }

  /// Gives an entry its index in this message.
  private mutating func use(_ position: Int) {
    entries[position].message = message
    entries[position].index = used.count
    used.append(position)
  }

  /// Ends a message: appends the table and the trailer.
  mutating func finish(into writer: inout WireWriter) {
    guard !used.isEmpty else { return writer.writeByte(0) }
    if used != written {
      table.removeAll()
      for position in used { table.append(entries[position].name, entries[position].number) }
      written = used
    }
    writer.writeBytes(table.writer.bytes)
    if table.writer.count < Int(Trailer.long) {
      writer.writeByte(UInt8(table.writer.count))
    } else {
      writer.writeFixed(UInt64(table.writer.count))
      writer.writeByte(Trailer.long)
    }
  }
}

/// The bytes of a key table. A class, because a structure that owns memory cannot be a property of one that
/// is copied.
private final class WireTable {
  var writer = WireWriter()

  func removeAll() { writer.removeAll() }

  func append(_ name: String, _ number: Int?) {
    var text = name
    text.withUTF8 { utf8 in
      writer.writeVarint(UInt64(utf8.count) << 1 | (number == nil ? 0 : 1))
      writer.writeBytes(UnsafeRawBufferPointer(utf8))
    }
    if let number { writer.writeSignedVarint(Int64(number)) }
  }
}

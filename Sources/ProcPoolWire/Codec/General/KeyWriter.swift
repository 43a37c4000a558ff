/// The keys of the messages that one session writes.
///
/// The text of a key is written once per message, in the table at its end; fields refer to it by
/// its index in the table. Keys and their successors are remembered between messages: the next key
/// is nearly always the one that followed last time, so that a key costs a comparison of two short
/// strings.
///
/// A key consists of its text and its number: keys of two types may have the same text and
/// different numbers, and both are preserved. Within a type a text has one number, so the number of
/// a known key need not be requested again.
struct KeyWriter {
  /// A key without its name. The names are in a separate array, so that the data for each field are
  /// a few words without reference counting.
  private struct Entry {
    let number: Int?
    /// A type whose key of this name has this number: the one that used it last.
    var type: ObjectIdentifier
    /// The message in which `index` was assigned.
    var message: UInt64
    var index: Int
    /// The entry that followed this one most recently.
    var successor: Int
    /// Another entry with the same name and another number, or -1.
    var twin: Int
  }

  private var names: [String] = []
  private var entries: [Entry] = []
  /// The most recent entry of each name.
  private var positions: [KeyText: Int] = [:]
  private var message: UInt64 = 0
  private var last = 0

  /// Whether two keys of this message have the same name.
  private(set) var hasTwins = false
  /// The entries used in this message, in the order of their indices.
  private var used: [Int] = []
  /// The entries of the most recent table that was written, and its bytes.
  private var written: [Int] = []
  private var table = WireTable()

  /// The maximum number of keys that are remembered, which exceeds the number of property names of
  /// a program. A session with more keys has encountered dynamic ones, and forgets them before the
  /// next message.
  private static let memory = 4096

  /// Starts a message.
  mutating func begin() {
    if entries.count > Self.memory {
      names.removeAll()
      entries.removeAll()
      positions.removeAll()
      written.removeAll()
      table = WireTable()
      last = 0
    }
    message += 1
    hasTwins = false
    used.removeAll(keepingCapacity: true)
  }

  /// The reference to write for `key`.
  @inline(__always)
  mutating func reference<Key: CodingKey>(_ key: Key) -> UInt64 {
    let name = key.stringValue
    if last < entries.count {
      let guess = entries[last].successor
      let entry = entries[guess]
      if isSameKey(names[guess], name), entry.type == ObjectIdentifier(Key.self) || claim(guess, key) {
        last = guess
        let index = entry.message == message ? entry.index : use(guess)
        return KeyReference.firstEntry &+ UInt64(truncatingIfNeeded: index)
      }
    }
    return search(name, key)
  }

  /// Whether an entry with the same name belongs to a key of another type.
  @inline(never)
  private mutating func claim<Key: CodingKey>(_ position: Int, _ key: Key) -> Bool {
    guard entries[position].number == key.intValue else { return false }
    entries[position].type = ObjectIdentifier(Key.self)
    return true
  }

  @inline(never)
  private mutating func search<Key: CodingKey>(_ name: String, _ key: Key) -> UInt64 {
    let newest = positions[KeyText(name)] ?? -1
    var found = newest
    while found >= 0, entries[found].type != ObjectIdentifier(Key.self), !claim(found, key) {
      found = entries[found].twin
    }
    if found < 0 {
      found = entries.count
      names.append(name)
      entries.append(
        Entry(
          number: key.intValue, type: ObjectIdentifier(Key.self), message: 0, index: 0, successor: 0,
          twin: newest))
      positions[KeyText(name)] = found
    }
    let index = entries[found].message == message ? entries[found].index : use(found)
    entries[last].successor = found
    last = found
    return KeyReference.firstEntry + UInt64(index)
  }

  /// Assigns an entry its index in this message.
  private mutating func use(_ position: Int) -> Int {
    let index = used.count
    entries[position].message = message
    entries[position].index = index
    used.append(position)
    if positions.count < entries.count { noteTwins(of: position) }
    return index
  }

  @inline(never)
  private mutating func noteTwins(of position: Int) {
    var other = positions[KeyText(names[position])] ?? -1
    while other >= 0 {
      if other != position, entries[other].message == message { hasTwins = true }
      other = entries[other].twin
    }
  }

  /// The name of the key with this index in the message's table.
  func name(at index: Int) -> String { names[used[index]] }

  /// Ends a message: appends the table and the trailer.
  mutating func finish(into writer: inout WireWriter) {
    guard !used.isEmpty else { return writer.writeByte(0) }
    if used != written {
      table.removeAll()
      for position in used { table.append(names[position], entries[position].number) }
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

/// The bytes of a key table. A class, because a structure that owns memory cannot be a property of
/// one that is copied.
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

/// The key table of the current message.
struct KeyReader {
  private(set) var names: [String] = []
  private(set) var numbers: [Int?] = []
  /// Whether each name is the string that a type requests, rather than an equal one.
  private var areAdopted: [Bool] = []
  /// The bytes of the table that `names` was decoded from: the next message nearly always has the
  /// same.
  private var table: [UInt8] = []
  private var positions: [KeyText: Int]?

  /// Decodes a table, unless it equals the last one.
  mutating func read(_ bytes: UnsafeRawBufferPointer) throws(WireError) {
    if bytes.count == table.count, table.withUnsafeBytes({ $0.isEqual(to: bytes) }) { return }
    removeAll()
    do throws(WireError) {
      try readEntries(bytes)
    } catch {
      removeAll()
      throw error
    }
    table.append(contentsOf: bytes)
  }

  private mutating func removeAll() {
    names.removeAll(keepingCapacity: true)
    numbers.removeAll(keepingCapacity: true)
    areAdopted.removeAll(keepingCapacity: true)
    table.removeAll(keepingCapacity: true)
    positions = nil
  }

  private mutating func readEntries(_ bytes: UnsafeRawBufferPointer) throws(WireError) {
    var reader = WireReader(bytes)
    while reader.remaining > 0 {
      let header = try reader.readVarint()
      guard header >> 1 <= UInt64(reader.remaining) else {
        throw .tooLong(count: header >> 1, remaining: reader.remaining, offset: reader.offset)
      }
      names.append(
        try String(validating: try reader.readBytes(Int(header >> 1)), offset: reader.offset))
      areAdopted.append(false)
      numbers.append(header & 1 == 1 ? Int(try reader.readSignedVarint()) : nil)
    }
  }

  /// Whether the key at `position` is `name`.
  ///
  /// A requested name replaces the equal one in the table: the next message nearly always has the
  /// same table, and the type requests the same literal, which is then recognised by its address.
  @inline(__always)
  mutating func isKey(at position: Int, _ name: String) -> Bool {
    isIdentical(names[position], name) || isEqualKey(at: position, name)
  }

  @inline(never)
  private mutating func isEqualKey(at position: Int, _ name: String) -> Bool {
    guard hasSameBytes(names[position], name) else { return false }
    if !areAdopted[position] {
      areAdopted[position] = true
      names[position] = name
    }
    return true
  }

  /// The position of the first key with this name in the table.
  mutating func position(of name: String) -> Int? {
    if positions == nil {
      positions = Dictionary(
        zip(names.lazy.map(KeyText.init), names.indices), uniquingKeysWith: { first, _ in first })
    }
    return positions?[KeyText(name)]
  }

  /// Whether there are keys with the same name and different numbers. Valid after
  /// ``position(of:)``.
  var hasTwins: Bool { (positions?.count ?? names.count) < names.count }
}

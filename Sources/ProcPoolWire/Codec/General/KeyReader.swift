/// The key table of the message that is being read.
struct KeyReader {
  private(set) var names: [String] = []
  private(set) var numbers: [Int?] = []
  /// The bytes that `names` was made from: the next message nearly always has the same.
  private var table: [UInt8] = []
  private var positions: [String: Int]?

  /// Reads a table, unless it is the one that was read last.
  mutating func read(_ bytes: UnsafeRawBufferPointer) throws(WireError) {
    if bytes.count == table.count, table.withUnsafeBytes({ Self.equal($0, bytes) }) { return }
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
      numbers.append(header & 1 == 1 ? Int(try reader.readSignedVarint()) : nil)
    }
  }

  /// Whether two pieces of memory of the same length are the same. In words, because the standard library
  /// compares them byte by byte, and this is done for every message.
  private static func equal(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
    var difference: UInt64 = 0
    var position = 0
    while position + 8 <= a.count {
      difference |=
        a.loadUnaligned(fromByteOffset: position, as: UInt64.self)
        ^ b.loadUnaligned(fromByteOffset: position, as: UInt64.self)
      position += 8
    }
    while position < a.count {
      difference |= UInt64(a[position] ^ b[position])
      position += 1
    }
    return difference == 0
  }

  /// Where `name` is in the table.
  mutating func position(of name: String) -> Int? {
    if positions == nil {
      positions = Dictionary(zip(names, names.indices), uniquingKeysWith: { first, _ in first })
    }
    return positions?[name]
  }
}

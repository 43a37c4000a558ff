/// What a file in NumPy's format says of the numbers that follow.
///
/// `numpy.lib.format`: the bytes `\x93NUMPY`, two of version, the length of the text in two bytes (version 1) or four
/// (2 and 3), and a Python dictionary with the keys `descr`, `fortran_order` and `shape`.
struct NumPyHeader: Equatable, Sendable {
  /// The type of the numbers, as NumPy spells it: `<f8`.
  var type: String
  /// Whether the first index is the fastest, as Fortran has it.
  var isColumnMajor: Bool
  var shape: [Int]

  /// Because it holds the shapes of all arrays that exist, and a file that is none of NumPy's may ask for 4 GiB.
  private static let longestText = 1 << 16

  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  /// Bytes that say how long the text is: those, the version, and the length.
  static let prefixLength = 12

  /// How many bytes there are before the first number.
  ///
  /// - Parameter prefix: the first ``prefixLength`` bytes of the file, or all if it has fewer.
  /// - Returns: where the text begins and where it ends, or `nil` if this is no such file.
  static func textRange(prefix: [UInt8]) -> Range<Int>? {
    guard prefix.count >= 10, prefix.starts(with: magic) else { return nil }
    let start: Int
    switch prefix[6] {
    case 1: start = 10
    case 2, 3: start = 12
    default: return nil
    }
    guard prefix.count >= start else { return nil }
    let length = prefix[8..<start].reversed().reduce(0) { $0 << 8 | Int($1) }
    return length <= longestText ? start..<start + length : nil
  }

  init(type: String, isColumnMajor: Bool, shape: [Int]) {
    self.type = type
    self.isColumnMajor = isColumnMajor
    self.shape = shape
  }

  /// Reads the dictionary; `nil` if it is none, or lacks one of the three keys.
  init?(text: some StringProtocol) {
    var reader = LiteralReader(text)
    guard let entries = reader.dictionary(), let type = entries["descr"],
      let order = entries["fortran_order"],
      let shape = entries["shape"]
    else { return nil }
    guard case .text(let type) = type, case .truth(let isColumnMajor) = order,
      case .numbers(let shape) = shape
    else {
      // The type of a structured array is a list of its fields.
      guard case .other(let type) = type else { return nil }
      self.init(type: type, isColumnMajor: false, shape: [])
      return
    }
    self.init(type: type, isColumnMajor: isColumnMajor, shape: shape)
  }

  /// The start of a file of version 1, padded so that the numbers begin at a multiple of 64 bytes, as NumPy has it.
  var bytes: [UInt8] {
    let sizes = shape.map { "\($0), " }.joined()
    let text =
      "{'descr': '\(type)', 'fortran_order': \(isColumnMajor ? "True" : "False"), 'shape': (\(sizes)), }"
    let unpadded = 10 + text.utf8.count + 1
    let padding = (64 - unpadded % 64) % 64
    let length = text.utf8.count + padding + 1
    return Self.magic + [1, 0, UInt8(truncatingIfNeeded: length), UInt8(truncatingIfNeeded: length >> 8)]
      + Array(text.utf8) + Array(repeating: UInt8(ascii: " "), count: padding) + [UInt8(ascii: "\n")]
  }
}

/// Reads the little of Python's literals that headers are made of.
private struct LiteralReader {
  enum Value {
    case text(String)
    case truth(Bool)
    case numbers([Int])
    /// Brackets, as they stand there.
    case other(String)
  }

  private var rest: Substring

  init(_ text: some StringProtocol) { rest = Substring(text) }

  private mutating func skipSpace() { rest = rest.drop(while: \.isWhitespace) }

  /// Whether the next characters are these; they are taken then.
  private mutating func take(_ text: String) -> Bool {
    skipSpace()
    guard rest.hasPrefix(text) else { return false }
    rest = rest.dropFirst(text.count)
    return true
  }

  mutating func dictionary() -> [String: Value]? {
    guard take("{") else { return nil }
    var entries: [String: Value] = [:]
    while !take("}") {
      guard let key = quoted(), take(":"), let value = value() else { return nil }
      entries[key] = value
      if !take(",") {
        guard take("}") else { return nil }
        break
      }
    }
    skipSpace()
    return rest.isEmpty ? entries : nil
  }

  private mutating func value() -> Value? {
    if take("True") { return .truth(true) }
    if take("False") { return .truth(false) }
    skipSpace()
    switch rest.first {
    case "'", "\"": return quoted().map(Value.text)
    case "(": return tuple().map(Value.numbers)
    case "[": return brackets().map(Value.other)
    default: return nil
    }
  }

  private mutating func quoted() -> String? {
    skipSpace()
    guard let quote = rest.first, quote == "'" || quote == "\"" else { return nil }
    rest = rest.dropFirst()
    guard let end = rest.firstIndex(of: quote) else { return nil }
    defer { rest = rest[end...].dropFirst() }
    return String(rest[..<end])
  }

  private mutating func tuple() -> [Int]? {
    guard take("(") else { return nil }
    var numbers: [Int] = []
    while !take(")") {
      skipSpace()
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      guard let number = Int(digits) else { return nil }
      rest = rest.dropFirst(digits.count)
      // Python 2 wrote long numbers so.
      _ = take("L")
      numbers.append(number)
      if !take(",") {
        guard take(")") else { return nil }
        break
      }
    }
    return numbers
  }

  private mutating func brackets() -> String? {
    var depth = 0
    for index in rest.indices {
      if rest[index] == "[" { depth += 1 }
      if rest[index] == "]" { depth -= 1 }
      guard depth == 0 else { continue }
      defer { rest = rest[index...].dropFirst() }
      return String(rest[...index])
    }
    return nil
  }
}

/// The value of a Python literal, as `ast.literal_eval` returns it, restricted to the types in
/// NumPy headers.
enum PythonLiteral {
  case text(String)
  case truth(Bool)
  /// An integer; `nil` if it does not fit.
  case number(Int?)
  case tuple([PythonLiteral])
  /// A dictionary with string keys, and the source text of each value. If a key occurs twice, the
  /// last value counts.
  case dictionary([String: Entry])
  /// Any other Python value: a list, a set, bytes, a number that is not an integer, `None`.
  case other

  struct Entry {
    let value: PythonLiteral
    let source: String
  }

  /// Parses a text.
  ///
  /// - Parameter allowsLong: whether an integer may end with `L`, as in Python 2.
  /// - Returns: `nil` if `ast.literal_eval` rejects the text, or if it contains a character name,
  ///   `\N{…}`.
  init?(_ text: [Unicode.Scalar], allowsLong: Bool) {
    var reader = PythonLiteralReader(text, allowsLong: allowsLong)
    guard let literal = reader.whole() else { return nil }
    self = literal
  }
}

/// Parses Unicode scalars, as Python does: a combining accent after a quotation mark is the first
/// character of a string.
private struct PythonLiteralReader {
  private let text: [Unicode.Scalar]
  private var position = 0
  private let allowsLong: Bool
  /// The number of open brackets.
  private var depth = 0

  /// The limit of Python's tokenizer, `MAXLEVEL`. It also bounds the recursion.
  private static let mostBrackets = 200

  init(_ text: [Unicode.Scalar], allowsLong: Bool) {
    self.text = text
    self.allowsLong = allowsLong
  }

  private var next: Unicode.Scalar? { position < text.count ? text[position] : nil }

  private func peek(_ offset: Int) -> Unicode.Scalar? {
    position + offset < text.count ? text[position + offset] : nil
  }

  // MARK: - White space

  private static func isBlank(_ scalar: Unicode.Scalar) -> Bool { [" ", "\t", "\u{C}"].contains(scalar) }
  private static func isBreak(_ scalar: Unicode.Scalar) -> Bool { ["\n", "\r"].contains(scalar) }

  private mutating func skip(while isSkipped: (Unicode.Scalar) -> Bool) {
    while let next, isSkipped(next) { position += 1 }
  }

  private mutating func skipComment() {
    if next == "#" { skip { !Self.isBreak($0) } }
  }

  /// Skips space between tokens, which includes line breaks within brackets.
  private mutating func skipSpace() {
    while let next {
      if Self.isBlank(next) || depth > 0 && Self.isBreak(next) {
        position += 1
      } else if next == "\\", let after = peek(1), Self.isBreak(after) {
        let length = after == "\r" && peek(2) == "\n" ? 3 : 2
        // A line continuation must be followed by a line.
        guard position + length < text.count else { return }
        position += length
      } else if next == "#", depth > 0 {
        skipComment()
      } else {
        return
      }
    }
  }

  /// Consumes the next character if it is the given one, and returns whether it was.
  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    skipSpace()
    guard next == scalar else { return false }
    position += 1
    return true
  }

  // MARK: - Values

  /// Parses one value, followed by nothing but empty lines and comments.
  mutating func whole() -> PythonLiteral? {
    guard !text.contains("\0") else { return nil }
    skip { $0 == " " || $0 == "\t" }
    var isIndented = false
    while let next {
      if Self.isBreak(next) {
        position += 1
        isIndented = false
      } else if next == "#" {
        skipComment()
      } else if Self.isBlank(next) {
        position += 1
        isIndented = next != "\u{C}"
      } else {
        break
      }
    }
    guard !isIndented, let value = value() else { return nil }
    skipSpace()
    skipComment()
    guard let end = next else { return value }
    guard Self.isBreak(end) else { return nil }
    while let next, Self.isBlank(next) || Self.isBreak(next) || next == "#" {
      if next == "#" { skipComment() } else { position += 1 }
    }
    guard next == nil else { return nil }
    // Trailing indentation is an error, except in Python 2.
    return allowsLong || !(text.last == " " || text.last == "\t") || endsInComment ? value : nil
  }

  private var endsInComment: Bool {
    let line = text[(text.lastIndex(where: Self.isBreak).map { $0 + 1 } ?? 0)...]
    return line.contains("#")
  }

  private mutating func value() -> PythonLiteral? {
    skipSpace()
    switch next {
    case "(": return within(")", Self.tuple)
    case "[": return within("]", { $0.elements(until: "]").map { _ in .other } })
    case "{": return within("}", Self.braces)
    case "+", "-": return signed()
    case "'", "\"": return strings()
    case let scalar? where Self.isDigit(scalar): return number()
    case ".": return number()
    case let scalar? where Self.isNameStart(scalar): return startsString ? strings() : constant()
    default: return nil
    }
  }

  private mutating func within(
    _ end: Unicode.Scalar, _ body: (inout Self) -> PythonLiteral?
  ) -> PythonLiteral? {
    guard depth < Self.mostBrackets else { return nil }
    position += 1
    depth += 1
    let value = body(&self)
    // Space after the bracket is outside of it.
    guard value != nil, take(end) else { return nil }
    depth -= 1
    return value
  }

  /// Parses what parentheses contain: a tuple if there is a comma or nothing, otherwise a value.
  private static func tuple(_ reader: inout Self) -> PythonLiteral? {
    reader.skipSpace()
    if reader.next == ")" { return .tuple([]) }
    guard let first = reader.value() else { return nil }
    guard reader.take(",") else { return first }
    return reader.elements(until: ")").map { .tuple([first] + $0) }
  }

  /// Parses values separated by commas, with an optional trailing comma.
  private mutating func elements(until end: Unicode.Scalar) -> [PythonLiteral]? {
    var elements: [PythonLiteral] = []
    while true {
      skipSpace()
      if next == end { return elements }
      guard let value = value() else { return nil }
      elements.append(value)
      guard take(",") else { return elements }
    }
  }

  private static func braces(_ reader: inout Self) -> PythonLiteral? {
    var entries: [String: PythonLiteral.Entry] = [:]
    while true {
      reader.skipSpace()
      if reader.next == "}" { return .dictionary(entries) }
      guard let key = reader.value() else { return nil }
      if entries.isEmpty, !reader.take(":") {
        return reader.take(",")
          ? reader.elements(until: "}").map { _ in .other } : reader.next == "}" ? .other : nil
      } else if !entries.isEmpty, !reader.take(":") {
        return nil
      }
      reader.skipSpace()
      let start = reader.position
      guard case .text(let name) = key, let value = reader.value() else { return nil }
      entries[name] = .init(
        value: value, source: String(String.UnicodeScalarView(reader.text[start..<reader.position])))
      guard reader.take(",") else { return .dictionary(entries) }
    }
  }

  private mutating func constant() -> PythonLiteral? {
    let start = position
    skip { Self.isNameStart($0) || Self.isDigit($0) }
    switch String(String.UnicodeScalarView(text[start..<position])) {
    case "True": return .truth(true)
    case "False": return .truth(false)
    case "None": return .other
    default: return nil
    }
  }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

  private static func isNameStart(_ scalar: Unicode.Scalar) -> Bool {
    ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || scalar == "_" || scalar.value >= 0x80
  }

  // MARK: - Numbers

  private mutating func signed() -> PythonLiteral? {
    let isNegative = next == "-"
    position += 1
    skipSpace()
    // A single sign, only before a number.
    var operand = position
    while operand < text.count, text[operand] == "(" || Self.isBlank(text[operand]) { operand += 1 }
    guard operand < text.count, Self.isDigit(text[operand]) || text[operand] == "." else { return nil }
    switch value() {
    case .number(let number): return .number(isNegative ? number.map { -$0 } : number)
    case .other: return .other
    default: return nil
    }
  }

  private mutating func number() -> PythonLiteral? {
    let start = position
    skip { Self.isDigit($0) || Self.isNameStart($0) || $0 == "." }
    var word = String(String.UnicodeScalarView(text[start..<position]))
    // The sign of the exponent.
    if let last = word.last, "eE".contains(last), !word.lowercased().hasPrefix("0x"),
      next == "+" || next == "-",
      let digit = peek(1), Self.isDigit(digit)
    {
      position += 1
      skip { Self.isDigit($0) || Self.isNameStart($0) }
      word = String(String.UnicodeScalarView(text[start..<position]))
    }
    if allowsLong {
      if word.hasSuffix("L") { word.removeLast() }
      while true {
        let before = position
        skip(while: Self.isBlank)
        if next == "L", !(peek(1).map { Self.isNameStart($0) || Self.isDigit($0) } ?? false) {
          position += 1
        } else {
          position = before
          break
        }
      }
    }
    return Self.literal(word)
  }

  /// Parses a number in the syntax of Python 3.
  private static func literal(_ word: String) -> PythonLiteral? {
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where word.lowercased().hasPrefix(prefix) {
      return digits(word.dropFirst(2), radix, mayStartWithUnderscore: true).map {
        .number(Int($0, radix: radix))
      }
    }
    if let digits = digits(word[...], 10) {
      // A leading zero, which marked an octal number in Python 2.
      if digits.first == "0", digits.contains(where: { $0 != "0" }) { return nil }
      return .number(Int(digits))
    }
    // A header cannot contain a floating-point number. It is only distinguished from invalid
    // syntax.
    let plain = word.last.map { "jJ".contains($0) } == true ? word.dropLast() : word[...]
    return Double(plain.filter { $0 != "_" }) != nil && plain.contains(where: \.isNumber) ? .other : nil
  }

  /// Removes underscores, of which one may separate two digits.
  private static func digits(
    _ word: Substring, _ radix: Int, mayStartWithUnderscore: Bool = false
  ) -> String? {
    let groups = word.split(separator: "_", omittingEmptySubsequences: false)
    let kept = mayStartWithUnderscore && groups.count > 1 && groups[0].isEmpty ? groups[1...] : groups[...]
    guard
      kept.allSatisfy({ group in
        !group.isEmpty && group.utf8.allSatisfy { $0 < 0x80 }
          && group.allSatisfy { $0.hexDigitValue.map { $0 < radix } ?? false }
      })
    else { return nil }
    return kept.joined()
  }

  // MARK: - Strings

  /// Whether the name at this position is the prefix of a string.
  private var startsString: Bool {
    for length in 1...2 {
      guard let after = peek(length) else { return false }
      if after == "'" || after == "\"" { return true }
    }
    return false
  }

  /// Parses adjacent strings, which Python concatenates.
  private mutating func strings() -> PythonLiteral? {
    var result = ""
    var areBytes: Bool?
    while next == "'" || next == "\"" || next.map(Self.isNameStart) == true && startsString {
      var isRaw = false
      var isBytes = false
      var prefix = ""
      while let scalar = next, scalar != "'", scalar != "\"" {
        prefix += String(scalar).lowercased()
        position += 1
      }
      switch prefix {
      case "", "u": break
      case "r": isRaw = true
      case "b": isBytes = true
      case "br", "rb": (isRaw, isBytes) = (true, true)
      default: return nil
      }
      guard areBytes ?? isBytes == isBytes, let text = string(isRaw: isRaw, isBytes: isBytes) else {
        return nil
      }
      areBytes = isBytes
      result += text
      skipSpace()
    }
    return areBytes == true ? .other : .text(result)
  }

  private mutating func string(isRaw: Bool, isBytes: Bool) -> String? {
    guard let quote = next else { return nil }
    let isLong = peek(1) == quote && peek(2) == quote
    position += isLong ? 3 : 1
    var result = String.UnicodeScalarView()
    while let scalar = next {
      position += 1
      switch scalar {
      case quote where !isLong: return String(result)
      case quote where next == quote && peek(1) == quote:
        position += 2
        return String(result)
      case "\n" where !isLong, "\r" where !isLong: return nil
      case _ where isBytes && scalar.value >= 0x80: return nil
      case "\\":
        guard let escape = next else { return nil }
        position += 1
        if isRaw {
          result.append(scalar)
          result.append(escape)
        } else {
          guard escaped(escape, isBytes: isBytes, into: &result) else { return nil }
        }
      default: result.append(scalar)
      }
    }
    return nil
  }

  private static let simpleEscapes: [Unicode.Scalar: Unicode.Scalar] = [
    "\\": "\\", "'": "'", "\"": "\"", "a": "\u{7}", "b": "\u{8}", "f": "\u{C}", "n": "\n", "r": "\r",
    "t": "\t",
    "v": "\u{B}",
  ]

  /// Parses the rest of an escape sequence, whose first character has been consumed.
  private mutating func escaped(
    _ escape: Unicode.Scalar, isBytes: Bool, into result: inout String.UnicodeScalarView
  ) -> Bool {
    if let plain = Self.simpleEscapes[escape] {
      result.append(plain)
      return true
    }
    switch escape {
    case "\n": break
    case "\r": if next == "\n" { position += 1 }
    case "0"..."7":
      var value = escape.value - 48
      for _ in 0..<2 {
        guard let digit = next, ("0"..."7").contains(digit) else { break }
        value = value * 8 + digit.value - 48
        position += 1
      }
      guard let scalar = Unicode.Scalar(value) else { return false }
      result.append(scalar)
    case "x",
      "u" where !isBytes,
      "U" where !isBytes:
      let count = escape == "x" ? 2 : escape == "u" ? 4 : 8
      guard position + count <= text.count else { return false }
      let digits = String(String.UnicodeScalarView(text[position..<position + count]))
      guard digits.utf8.count == count, digits.allSatisfy(\.isHexDigit),
        let value = UInt32(digits, radix: 16),
        let scalar = Unicode.Scalar(value)
      else { return false }
      position += count
      result.append(scalar)
    case "N" where !isBytes: return false
    default:
      result.append("\\")
      result.append(escape)
    }
    return true
  }
}

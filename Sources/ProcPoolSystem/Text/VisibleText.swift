extension StringProtocol {
  /// The text as messages quote it: characters on which a terminal acts are escaped, as in
  /// `\u{1B}`.
  ///
  /// Text from outside the program (arguments, file names, messages of tasks, content of files) may
  /// contain escape sequences, which move the cursor, change the window's title or simulate input,
  /// and marks that reverse the direction of text. Every description that quotes such text uses
  /// this function. Properties keep the original text, and formats with escapes of their own, such
  /// as JSON, use those.
  ///
  /// - Parameters:
  ///   - keepsLines: whether line breaks and tabs are kept, for texts of several lines.
  ///   - limit: the maximum number of scalars that are quoted; an ellipsis replaces the rest.
  /// - Complexity: O(*n*) in the quoted length.
  package func visible(keepingLines keepsLines: Bool = false, atMost limit: Int = .max) -> String {
    if utf8.count <= limit, utf8.allSatisfy({ 0x20..<0x7F ~= $0 }) { return String(self) }
    var result = String.UnicodeScalarView()
    var rest = unicodeScalars[...]
    for _ in 0..<limit {
      guard let scalar = rest.popFirst() else { break }
      switch scalar {
      case "\n" where keepsLines, "\t" where keepsLines: result.append(scalar)
      // A carriage return and a newline are one line break.
      case "\r" where keepsLines && rest.first == "\n": break
      case _ where scalar.isActedOn:
        result.append(contentsOf: "\\u{\(String(scalar.value, radix: 16, uppercase: true))}".unicodeScalars)
      default: result.append(scalar)
      }
    }
    return String(result) + (rest.isEmpty ? "" : "…")
  }
}

extension Unicode.Scalar {
  /// Whether a terminal acts on the scalar rather than drawing it: control characters (C0, DEL and
  /// C1), line and paragraph separators, and marks that change the direction of text.
  package var isActedOn: Bool {
    // Fast path for most texts.
    if (0x20..<0x7F).contains(value) { return false }
    switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: return true
    case .format: return properties.isBidiControl
    default: return false
    }
  }
}

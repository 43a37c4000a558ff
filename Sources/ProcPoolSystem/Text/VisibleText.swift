extension StringProtocol {
  /// The text as a message quotes it: what a terminal would act on is written out as `\u{1B}`.
  ///
  /// Text from outside (arguments, file names, what tasks and files say) may hold escape sequences, which move the
  /// cursor, change the window's title or answer for the user, and marks that turn the order of letters around. Every
  /// description that quotes such text uses this; properties keep the text as it came, and formats with escapes of their
  /// own (JSON) use those.
  ///
  /// - Parameters:
  ///   - keepsLines: whether line breaks and tabs stay as they are, for texts of several lines.
  ///   - limit: how many scalars of the text are quoted at the most; an ellipsis stands for the rest.
  /// - Complexity: O(n) in what is quoted.
  package func visible(keepingLines keepsLines: Bool = false, atMost limit: Int = .max) -> String {
    if utf8.count <= limit, utf8.allSatisfy({ 0x20..<0x7F ~= $0 }) { return String(self) }
    var result = String.UnicodeScalarView()
    var rest = unicodeScalars[...]
    for _ in 0..<limit {
      guard let scalar = rest.popFirst() else { break }
      switch scalar {
      case "\n" where keepsLines, "\t" where keepsLines: result.append(scalar)
      // A line break of two characters is one.
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
  /// Whether a terminal does something with it instead of drawing it: control characters (C0, DEL and C1), breaks of
  /// lines and paragraphs, and marks that change the direction of what is around them.
  package var isActedOn: Bool {
    // What most texts are made of.
    if (0x20..<0x7F).contains(value) { return false }
    switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: return true
    case .format: return properties.isBidiControl
    default: return false
    }
  }
}

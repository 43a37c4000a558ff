extension StringProtocol {
  /// The maximum number of columns that the text takes on a terminal.
  ///
  /// Terminals differ for emoji of several scalars: some draw one picture, others each of its
  /// parts. The larger number counts, because a line that is wider than expected wraps, and its
  /// second part is not erased.
  ///
  /// - Complexity: O(n).
  package var displayWidth: Int {
    if utf8.allSatisfy({ 0x20..<0x7F ~= $0 }) { return utf8.count }
    return unicodeScalars.reduce(0) { $0 + $1.displayWidth }
  }

  /// The longest prefix, in whole characters, that takes at most the given number of columns.
  package func prefix(columns: Int) -> SubSequence {
    var left = columns
    return prefix { character in
      left -= String(character).displayWidth
      return left >= 0
    }
  }

  /// The text, truncated with an ellipsis if it takes more than the given number of columns.
  package func cut(toColumns columns: Int) -> String {
    displayWidth <= columns ? String(self) : prefix(columns: columns - 1) + "…"
  }
}

extension Unicode.Scalar {
  /// The number of columns on a terminal: 0, 1 or 2.
  ///
  /// `wcwidth` is not used, because it supports only ASCII in the initial locale of a program.
  package var displayWidth: Int {
    if value < 0x300 { return properties.generalCategory == .control ? 0 : 1 }
    // East Asian Width "W" and "F" of Unicode's annex 11: emoji that are drawn as such, and the
    // blocks below.
    if properties.isEmojiPresentation || Self.isInWideBlock(value) { return 2 }
    switch properties.generalCategory {
    case .nonspacingMark, .enclosingMark:
      // The variation selector that turns the character before it into an emoji of two columns.
      return value == 0xFE0F ? 1 : 0
    case .otherLetter:
      // Vowels and final consonants of Hangul are combined with the first letter of the syllable.
      return (0x1160...0x11FF).contains(value) || (0xD7B0...0xD7FF).contains(value) ? 0 : 1
    case .format, .unassigned: return properties.isDefaultIgnorableCodePoint ? 0 : 1
    default: return 1
    }
  }

  /// Whether the value is in a block of wide characters. Unassigned values in these blocks will be
  /// wide when they are assigned.
  private static func isInWideBlock(_ value: UInt32) -> Bool {
    switch value {
    case 0x1100...0x115F, 0x2329...0x232A, 0x2630...0x2637, 0x268A...0x268F, 0x2E80...0x303E, 0x3041...0xA4CF,
      0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF01...0xFF60,
      0xFFE0...0xFFE6, 0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF, 0x1D300...0x1D37F, 0x1F200...0x1F2FF,
      0x20000...0x3FFFD:
      true
    default: false
    }
  }
}

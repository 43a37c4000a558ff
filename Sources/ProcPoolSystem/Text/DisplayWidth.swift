extension StringProtocol {
  /// How many columns of a terminal the text takes, at the most.
  ///
  /// Terminals differ about emoji of several scalars: some draw one picture, others each of its parts. The greater number
  /// counts, because a line that is taken for narrower than it is goes on in the next, where nothing erases it.
  ///
  /// - Complexity: O(n).
  package var displayWidth: Int {
    if utf8.allSatisfy({ 0x20..<0x7F ~= $0 }) { return utf8.count }
    return unicodeScalars.reduce(0) { $0 + $1.displayWidth }
  }

  /// The longest start of the text, in whole characters, that takes no more than so many columns.
  package func prefix(columns: Int) -> SubSequence {
    var left = columns
    return prefix { character in
      left -= String(character).displayWidth
      return left >= 0
    }
  }

  /// The text, or as much of it as fits into so many columns with an ellipsis at its end.
  package func cut(toColumns columns: Int) -> String {
    displayWidth <= columns ? String(self) : prefix(columns: columns - 1) + "…"
  }
}

extension Unicode.Scalar {
  /// Columns of a terminal: 0, 1 or 2.
  ///
  /// Not `wcwidth`, which knows nothing beyond ASCII in the locale in which a program starts.
  package var displayWidth: Int {
    if value < 0x300 { return properties.generalCategory == .control ? 0 : 1 }
    // East Asian Width "W" and "F" of Unicode's annex 11: emoji that are drawn as such, and the blocks below.
    if properties.isEmojiPresentation || Self.isInWideBlock(value) { return 2 }
    switch properties.generalCategory {
    case .nonspacingMark, .enclosingMark:
      // The mark that makes an emoji of the character before it, which then takes two columns.
      return value == 0xFE0F ? 1 : 0
    case .otherLetter:
      // Vowels and finals of Hangul are drawn into the syllable's first letter.
      return (0x1160...0x11FF).contains(value) || (0xD7B0...0xD7FF).contains(value) ? 0 : 1
    case .format, .unassigned: return properties.isDefaultIgnorableCodePoint ? 0 : 1
    default: return 1
    }
  }

  /// Blocks of wide characters, whole: what is not assigned in them will be wide when it is.
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

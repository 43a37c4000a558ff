extension StringProtocol {
  /// The lines of a text from outside the program, without their terminators.
  ///
  /// Splits by bytes, because a carriage return with the newline after it is one character, which
  /// `split` does not match.
  package func lines(omittingEmpty: Bool = true) -> [Substring] {
    let bytes = Substring(self).utf8
    return bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).compactMap { line in
      let text = Substring(line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
      return omittingEmpty && text.isEmpty ? nil : text
    }
  }
}

extension StringProtocol {
  /// The lines of a text from outside, without what ends them.
  ///
  /// By bytes: a carriage return and the newline after it are one character, at which `split` does not look.
  package func lines(omittingEmpty: Bool = true) -> [Substring] {
    let bytes = Substring(self).utf8
    return bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).compactMap { line in
      let text = Substring(line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
      return omittingEmpty && text.isEmpty ? nil : text
    }
  }
}

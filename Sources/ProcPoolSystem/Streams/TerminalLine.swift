/// A line at the bottom of a terminal that is repeatedly overwritten, while text scrolls above it.
///
/// A value that tracks what the terminal shows, and composes the bytes that change it.
struct TerminalLine {
  /// The line to show; empty for none.
  var wanted = ""
  private var shown = ""
  /// Whether the text that was written last has not ended its line.
  private var isMidLine = false

  /// Whether the terminal shows the wanted line.
  var isShown: Bool { wanted == shown }

  /// The bytes that append text, and show the wanted line below it.
  ///
  /// - Parameter starts: the positions in `text` that must be at the start of a line.
  mutating func compose(_ text: [UInt8], linesStartingAt starts: [Int] = []) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count + 256)
    if !shown.isEmpty {
      bytes += Self.eraser.utf8
      shown = ""
    }
    var written = 0
    for start in starts + [text.count] {
      append(text[written..<start], to: &bytes)
      if start < text.count, isMidLine { append([Self.newline], to: &bytes) }
      written = start
    }
    guard !wanted.isEmpty else { return bytes }
    // An unfinished line of text must not be erased together with the line at the bottom.
    bytes += (isMidLine ? "\n" : Self.eraser).utf8
    bytes += wanted.utf8
    isMidLine = false
    shown = wanted
    return bytes
  }

  private mutating func append(_ text: ArraySlice<UInt8>, to bytes: inout [UInt8]) {
    guard let last = text.last else { return }
    bytes += text
    isMidLine = last != Self.newline
  }

  static let newline = UInt8(ascii: "\n")
  /// Moves to the first column and erases the line, by "Erase in Line" of ECMA-48.
  private static let eraser = "\r\u{1B}[K"
}

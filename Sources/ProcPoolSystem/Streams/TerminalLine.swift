/// A line at the bottom of a terminal that is written over and over, among text that scrolls past it.
///
/// A value that knows what the terminal shows, and composes the bytes that change it.
struct TerminalLine {
  /// What is to be at the bottom; empty for nothing.
  var wanted = ""
  private var shown = ""
  /// The text that was written last has not ended its line.
  private var isMidLine = false

  /// Whether the terminal shows what it should.
  var isShown: Bool { wanted == shown }

  /// The bytes that add text to what has been written, and have the wanted line below it.
  ///
  /// - Parameter starts: where in `text` the line must be a new one.
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
    // Text without an end must not be erased together with the line.
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
  /// To the first column, and away with what follows: ECMA-48's "Erase in Line".
  private static let eraser = "\r\u{1B}[K"
}

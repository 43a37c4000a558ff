import ProcPoolSystem

/// A line on standard error that says what is being done, where standard error is a terminal; nothing
/// elsewhere.
final class ProgressLine {
  private let isShown = StandardStream.error.isTerminal
  private var isOnScreen = false

  /// Because a line that is wider than the terminal cannot be erased, and terminals are 80 wide at least.
  private static let width = 79

  func show(_ text: String) {
    // Progress that cannot be shown is no reason to stop, nor to wait: somebody may have stopped the terminal (Ctrl-S).
    guard isShown, waitUntilWritable(StandardStream.error.descriptor, milliseconds: 0) else { return }
    try? StandardStream.error.write("\r\u{1B}[K" + text.visible().cut(toColumns: Self.width))
    isOnScreen = true
  }

  func erase() {
    guard isOnScreen else { return }
    try? StandardStream.error.write("\r\u{1B}[K")
    isOnScreen = false
  }
}

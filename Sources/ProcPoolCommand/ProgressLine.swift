import ProcPoolSystem

/// A progress line on standard error. It is shown only if standard error is a terminal.
final class ProgressLine {
  private let isShown = StandardStream.error.isTerminal
  private var isOnScreen = false

  /// The maximum length: a line that wraps cannot be erased, and terminals have at least 80
  /// columns.
  private static let width = 79

  func show(_ text: String) {
    // Progress is skipped if the terminal does not accept output, for example after Ctrl-S.
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

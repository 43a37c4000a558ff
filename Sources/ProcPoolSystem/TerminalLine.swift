import CProcPoolShims
import Glibc
import Synchronization

/// A line at the bottom of the terminal that standard error is, which is written over and over.
public enum TerminalLine {
  private struct State {
    /// Empty while nothing is shown.
    var line = ""
    /// The last line that workers wrote has not ended.
    var isMidLine = false
  }

  private static let state = Mutex(State())

  /// How many characters the terminal has in a line; `nil` if standard error is no terminal, or one that cannot erase a
  /// line.
  public static var width: Int? {
    guard isTerminal else { return nil }
    let width = procpool_terminal_width(StandardError.number)
    // One that does not say is taken for the usual one.
    return width > 0 ? Int(width) : 80
  }

  /// Looked at once: neither changes while a program runs, but by a program that means to.
  private static let isTerminal: Bool = {
    let kind = getenv("TERM").map { String(cString: $0) } ?? ""
    return isatty(StandardError.number) != 0 && kind != "" && kind != "dumb"
  }()

  /// Shows a text, no longer than ``width``, in place of the one before.
  public static func show(_ text: String) {
    state.withLock { state in
      write((state.isMidLine ? "\n" : eraser) + text)
      state = State(line: text)
    }
  }

  public static func erase() {
    state.withLock { state in
      if !state.line.isEmpty { write(eraser) }
      state.line = ""
    }
  }

  /// Runs a body that writes to standard error, while the line is not there.
  ///
  /// - Parameter body: returns whether what it wrote last was the end of a line; `nil` if it wrote nothing.
  public static func outOfTheWay(_ body: () -> Bool?) {
    state.withLock { state in
      if !state.line.isEmpty { write(eraser) }
      if let isAtStart = body() { state.isMidLine = !isAtStart }
      guard !state.line.isEmpty else { return }
      // What is there must not go with the line when that is erased.
      write((state.isMidLine ? "\n" : "") + state.line)
      state.isMidLine = false
    }
  }

  /// To the first column, and away with what follows: ECMA-48's "Erase in Line".
  private static let eraser = "\r\u{1B}[K"

  private static func write(_ text: String) {
    var text = text
    text.withUTF8 { StandardError.write(UnsafeRawBufferPointer($0)) }
  }
}

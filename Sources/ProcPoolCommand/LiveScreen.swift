import Glibc
import Synchronization

/// The terminal's alternate screen. The terminal is restored when the screen is left, also after a
/// signal.
final class LiveScreen {
  enum Outcome { case timeOver, ended }

  /// The number of a signal that has arrived, or 0. Set by signal handlers.
  private static let signal = Atomic<Int32>(0)

  private var before = termios()
  private let readsKeys: Bool
  private var isShown = false

  init() {
    readsKeys = isatty(STDIN_FILENO) != 0 && tcgetattr(STDIN_FILENO, &before) == 0
    Self.signal.store(0, ordering: .relaxed)
    for number in [SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP] {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { LiveScreen.signal.store($0, ordering: .relaxed) }
      sigaction(number, &action, nil)
    }
  }

  /// Replaces the shown lines.
  func show(_ lines: [String]) throws {
    enter()
    // Overwrites from the top, and erases the rest of each line and the lines below, to avoid
    // flicker.
    let text = lines.map { $0 + "\u{1B}[K" }.joined(separator: "\r\n")
    try write("\u{1B}[H\(text)\u{1B}[J")
  }

  /// Writes as much as the terminal accepts before a signal arrives. A terminal that was stopped
  /// (Ctrl-S) accepts nothing, and must not keep the process from ending.
  private func write(_ text: String) throws {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      while !waitUntilWritable(StandardStream.output.descriptor, milliseconds: Self.moment) {
        if Self.signal.load(ordering: .relaxed) != 0 { return }
      }
      try StandardStream.output.write(Array(rest.prefix(Self.piece)))
      rest = rest.dropFirst(Self.piece)
    }
  }

  /// How long a signal may go unnoticed, in milliseconds: one that arrives just before the wait
  /// does not interrupt it.
  private static let moment: Int32 = 100
  /// The number of bytes that a ready terminal accepts at once.
  private static let piece = 256

  /// Waits for a key or a signal.
  func wait(milliseconds: Int) -> Outcome {
    let end = ContinuousClock.now + .milliseconds(milliseconds)
    while ContinuousClock.now < end {
      switch Self.signal.exchange(0, ordering: .relaxed) {
      case 0: break
      case SIGTSTP:
        leave()
        // Stops this thread itself. A signal to the process would let it run, and draw, for a
        // moment.
        raise(SIGSTOP)
        return .timeOver
      default: return .ended
      }
      var keys = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
      let rest = (end - ContinuousClock.now) / .milliseconds(1)
      let ready = poll(&keys, readsKeys ? 1 : 0, Int32(max(1, min(rest, Double(Self.moment)))))
      if ready > 0 {
        var key: UInt8 = 0
        // 3 is Ctrl-C if the terminal does not turn it into a signal.
        if read(STDIN_FILENO, &key, 1) <= 0 || [UInt8(ascii: "q"), UInt8(ascii: "Q"), 3].contains(key) {
          return .ended
        }
      }
    }
    return .timeOver
  }

  private func enter() {
    guard !isShown else { return }
    isShown = true
    if readsKeys {
      var raw = before
      raw.c_lflag &= ~tcflag_t(ICANON | ECHO)
      tcsetattr(STDIN_FILENO, TCSANOW, &raw)
    }
    // Switches to the alternate screen, and hides the cursor.
    try? write("\u{1B}[?1049h\u{1B}[?25l")
  }

  /// Restores the terminal.
  func leave() {
    guard isShown else { return }
    isShown = false
    // A terminal that accepts no output is not restored, because it may never accept any.
    if waitUntilWritable(StandardStream.output.descriptor, milliseconds: Self.moment) {
      try? StandardStream.output.write("\u{1B}[?25h\u{1B}[?1049l")
    }
    if readsKeys { tcsetattr(STDIN_FILENO, TCSANOW, &before) }
  }
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

import Synchronization

/// The terminal as a screen of its own, which is as it was when it is left, by whatever signal.
final class LiveScreen {
  enum Outcome { case timeOver, ended }

  /// What has come meanwhile: a signal's number, or 0. Written by handlers, which may do little else.
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

  /// Shows lines instead of those before.
  func show(_ lines: [String]) throws {
    enter()
    // From the top, each line to its end, and what is below: nothing flickers.
    let text = lines.map { $0 + "\u{1B}[K" }.joined(separator: "\r\n")
    try write("\u{1B}[H\(text)\u{1B}[J")
  }

  /// Writes as much as the terminal takes before a signal comes: one that has been stopped (Ctrl-S) takes nothing, and
  /// must not keep a process that is told to end.
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

  /// How long a signal may go unnoticed, in milliseconds: one that comes just before waiting begins does not end that.
  private static let moment: Int32 = 100
  /// Bytes that a terminal takes at once when it takes any.
  private static let piece = 256

  /// Waits for a key or a signal.
  func wait(milliseconds: Int) -> Outcome {
    let end = ContinuousClock.now + .milliseconds(milliseconds)
    while ContinuousClock.now < end {
      switch Self.signal.exchange(0, ordering: .relaxed) {
      case 0: break
      case SIGTSTP:
        leave()
        // To this very thread: a signal to the process lets it go on for a moment, and draw.
        raise(SIGSTOP)
        return .timeOver
      default: return .ended
      }
      var keys = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
      let rest = (end - ContinuousClock.now) / .milliseconds(1)
      let ready = poll(&keys, readsKeys ? 1 : 0, Int32(max(1, min(rest, Double(Self.moment)))))
      if ready > 0 {
        var key: UInt8 = 0
        // 3 is Ctrl-C where the terminal does not make a signal of it.
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
    // The alternate screen, and no cursor.
    try? write("\u{1B}[?1049h\u{1B}[?25l")
  }

  /// Gives the terminal back.
  func leave() {
    guard isShown else { return }
    isShown = false
    // A terminal that takes nothing, and never will perhaps, is left as it is.
    if waitUntilWritable(StandardStream.output.descriptor, milliseconds: Self.moment) {
      try? StandardStream.output.write("\u{1B}[?25h\u{1B}[?1049l")
    }
    if readsKeys { tcsetattr(STDIN_FILENO, TCSANOW, &before) }
  }
}

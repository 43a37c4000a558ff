import Glibc
import ProcPoolSystem

/// A terminal, as a user has one, with a program on it.
final class Terminal {
  private let keyboard: Int32
  private let screen: Int32
  /// `TIOCGPTN` and `TIOCSPTLCK`.
  private static let numberOfScreen: UInt = 0x8004_5430
  private static let lockScreen: UInt = 0x4004_5431
  let process: pid_t
  /// What the program has written.
  private(set) var output = ""
  private var ended: Int32?

  /// Starts a program on a terminal of 80 columns.
  init(_ path: String, _ arguments: [String], columns: UInt16 = 80) throws {
    keyboard = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    // Linux's own calls behind `ptsname` and `unlockpt`, which Swift's module of the C library lacks.
    var number: Int32 = 0
    var isLocked: Int32 = 0
    guard keyboard >= 0, ioctl(keyboard, Self.numberOfScreen, &number) == 0,
      ioctl(keyboard, Self.lockScreen, &isLocked) == 0
    else { throw SystemError(call: "open(/dev/ptmx)", code: errno) }
    screen = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard screen >= 0 else { throw SystemError(call: "open", code: errno) }
    var size = winsize(ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(screen, UInt(TIOCSWINSZ), &size)
    process = try SpawnedProgram.start(
      arguments, at: path, input: .descriptor(screen), output: .descriptor(screen),
      errors: .descriptor(screen),
      environment: [
        "TERM=xterm", "PATH=/usr/bin:/bin", "INPUTRC=/dev/null", "HOME=/nonexistent", "LC_ALL=C.UTF-8",
      ])
  }

  deinit {
    if ended == nil { end(by: SIGKILL) }
    close(screen)
    close(keyboard)
  }

  /// Has it take nothing any more, as Ctrl-S does.
  func stop() { tcflow(screen, TCOOFF) }

  func type(_ keys: String) {
    let bytes = Array(keys.utf8)
    _ = write(keyboard, bytes, bytes.count)
  }

  /// Reads until the program has written something since `start`, a number of bytes of the output.
  ///
  /// - Returns: whether it has, within a time that is enough for a shell on a busy machine.
  func shows(_ text: String, since start: Int = 0) -> Bool {
    let end = ContinuousClock.now + .seconds(30)
    while ContinuousClock.now < end {
      if String(decoding: output.utf8.dropFirst(start), as: UTF8.self).contains(text) { return true }
      var ready = pollfd(fd: keyboard, events: Int16(POLLIN), revents: 0)
      guard poll(&ready, 1, 100) > 0 else { continue }
      var piece = [UInt8](repeating: 0, count: 4096)
      let count = read(keyboard, &piece, piece.count)
      if count > 0 { output += String(decoding: piece[..<count], as: UTF8.self) } else { break }
    }
    return String(decoding: output.utf8.dropFirst(start), as: UTF8.self).contains(text)
  }

  /// Sends a signal.
  ///
  /// - Returns: the exit status; `nil` if the program has not ended within some seconds.
  @discardableResult
  func end(by signal: Int32) -> Int32? {
    kill(process, signal)
    ended = try? SpawnedProgram.status(process, milliseconds: 20_000)
    return ended
  }
}

import Glibc
import ProcPoolBench

/// The error of a failed write.
struct WriteError: Error, CustomStringConvertible {
  var target: String
  var code: Int32

  var description: String { "\(target) cannot be written: \(String(cString: strerror(code)))" }
}

/// Standard output or standard error without a buffer, so that nothing is lost if the program
/// crashes.
enum StandardStream: Sendable {
  case output
  case error

  var descriptor: Int32 { self == .output ? STDOUT_FILENO : STDERR_FILENO }

  var isTerminal: Bool { isatty(descriptor) != 0 }

  /// The width of the terminal in columns; `nil` if the stream is not a terminal, or the width is
  /// unknown.
  var width: Int? { size.flatMap { $0.ws_col > 0 ? Int($0.ws_col) : nil } }

  /// The height of the terminal in lines; `nil` if the stream is not a terminal, or the height is
  /// unknown.
  var height: Int? { size.flatMap { $0.ws_row > 0 ? Int($0.ws_row) : nil } }

  private var size: winsize? {
    var size = winsize()
    return isTerminal && ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 ? size : nil
  }

  /// The style for this stream: as wide as the terminal, with colours if it is a terminal that
  /// supports them, unless `NO_COLOR` is set (no-color.org).
  var textStyle: TextStyle {
    func variable(_ name: String) -> String { getenv(name).map { String(cString: $0) } ?? "" }
    let hasColour = isTerminal && variable("NO_COLOR").isEmpty && !["", "dumb"].contains(variable("TERM"))
    return TextStyle(width: width, hasColour: hasColour)
  }

  func write(_ text: String) throws(WriteError) { try write(Array(text.utf8)) }

  func write(_ bytes: [UInt8]) throws(WriteError) {
    try writeAll(bytes, to: descriptor, named: self == .output ? "standard output" : "standard error")
  }
}

/// Writes bytes to a descriptor, however often the system accepts only part of them.
///
/// Waits if the descriptor is nonblocking. `O_NONBLOCK` is a flag of the open file description,
/// which other processes may share, so it is not changed.
func writeAll(_ bytes: [UInt8], to descriptor: Int32, named target: String) throws(WriteError) {
  var rest = bytes[...]
  var hasWaited = false
  while !rest.isEmpty {
    let written = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    if written > 0 {
      rest = rest.dropFirst(written)
      hasWaited = false
      continue
    }
    switch written == 0 ? EAGAIN : errno {
    case EINTR: break
    case EAGAIN:
      // A device or a socket of whole messages may be ready and accept nothing. The pause avoids a
      // busy loop.
      if hasWaited { usleep(1_000) }
      waitUntilWritable(descriptor, milliseconds: -1)
      hasWaited = true
    case let code: throw WriteError(target: target, code: code)
    }
  }
}

/// Waits until a descriptor can be written, or has an error that writing will report.
///
/// - Returns: `false` after the timeout, or if a signal arrived.
@discardableResult
func waitUntilWritable(_ descriptor: Int32, milliseconds: Int32) -> Bool {
  var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
  return poll(&waiting, 1, milliseconds) > 0
}

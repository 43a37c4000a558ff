#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

import ProcPoolBench

/// Something could not be written.
struct WriteError: Error, CustomStringConvertible {
  var target: String
  var code: Int32

  var description: String { "\(target) cannot be written: \(String(cString: strerror(code)))" }
}

/// Standard output or standard error, without a buffer: what is written is there, whatever happens next.
enum StandardStream: Sendable {
  case output
  case error

  var descriptor: Int32 { self == .output ? STDOUT_FILENO : STDERR_FILENO }

  var isTerminal: Bool { isatty(descriptor) != 0 }

  /// How many columns a line of the terminal has; `nil` if it is none, or does not say.
  var width: Int? { size.flatMap { $0.ws_col > 0 ? Int($0.ws_col) : nil } }

  /// How many lines the terminal has; `nil` if it is none, or does not say.
  var height: Int? { size.flatMap { $0.ws_row > 0 ? Int($0.ws_row) : nil } }

  private var size: winsize? {
    var size = winsize()
    return isTerminal && ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 ? size : nil
  }

  /// As wide as the terminal, and in colour where that is wanted: on a terminal that has any, unless `NO_COLOR` is set
  /// (no-color.org).
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

/// Writes bytes to a descriptor, however often the system takes only part of them.
///
/// Where the descriptor does not block it is waited for. It was opened by another program, perhaps, and its setting
/// belongs to all that have it (`O_NONBLOCK` is a flag of the open file description): it is left as it is.
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
      // Something that takes only whole messages, or a device, may be said to be ready and take nothing: no busy loop.
      if hasWaited { usleep(1_000) }
      waitUntilWritable(descriptor, milliseconds: -1)
      hasWaited = true
    case let code: throw WriteError(target: target, code: code)
    }
  }
}

/// Waits until something can be written, or an error is there to be found by writing.
///
/// - Returns: `false` if the time was over, or a signal came.
@discardableResult
func waitUntilWritable(_ descriptor: Int32, milliseconds: Int32) -> Bool {
  var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
  return poll(&waiting, 1, milliseconds) > 0
}

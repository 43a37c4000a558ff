#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Something could not be written.
struct WriteError: Error, CustomStringConvertible {
  var target: String
  var code: Int32

  /// Whether the reader of a pipe has gone.
  var isClosedPipe: Bool { code == EPIPE }

  var description: String { "\(target) cannot be written: \(String(cString: strerror(code)))" }
}

/// Standard output or standard error, without a buffer: what is written is there, whatever happens next.
enum StandardStream: Sendable {
  case output
  case error

  private var descriptor: Int32 { self == .output ? STDOUT_FILENO : STDERR_FILENO }

  var isTerminal: Bool { isatty(descriptor) != 0 }

  func write(_ text: String) throws(WriteError) {
    try writeAll(text, to: descriptor, named: self == .output ? "standard output" : "standard error")
  }
}

/// Writes a text to a descriptor, however often the system takes only part of it.
func writeAll(_ text: String, to descriptor: Int32, named target: String) throws(WriteError) {
  var rest = Array(text.utf8)[...]
  while !rest.isEmpty {
    let written = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    if written >= 0 {
      rest = rest.dropFirst(written)
    } else if errno != EINTR {
      throw WriteError(target: target, code: errno)
    }
  }
}

import Glibc

/// The descriptors 0 to 2, which every process uses as its standard streams, whatever they refer
/// to.
///
/// In a program that was started with one of them closed (`2>&-`), the next opened file gets that
/// number, and receives everything that is printed.
package enum StandardStreams {
  /// Opens the streams that are closed, so that other files cannot get their numbers.
  ///
  /// Each becomes `/dev/null`, opened in the opposite direction: reading standard input and writing
  /// to the other two fail with `EBADF`, as if the stream were still closed.
  package static func fill() throws(SystemError) {
    for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) < 0 {
      // The lowest free number is this one, unless another thread has just taken it.
      let opened = try open(for: number)
      if opened > STDERR_FILENO { Glibc.close(opened) }
    }
  }

  /// Moves an open file away from the number of a standard stream, which becomes `/dev/null`.
  ///
  /// - Returns: the new number of the file; the old one if no other is available.
  static func vacate(_ number: Int32) -> Int32 {
    let moved = attempt(.duplicate) { fcntl(number, F_DUPFD_CLOEXEC, STDERR_FILENO + 1) }
    if moved < 0 { return number }
    // Replaced rather than closed, because another thread could open a file with the number in
    // between.
    if let null = try? open(for: number) {
      _ = attempt(.dup2) { Glibc.dup2(null, number) }
      if null != number { Glibc.close(null) }
    } else {
      Glibc.close(number)
    }
    return moved
  }

  /// Opens `/dev/null` in place of a stream. Programs that this one starts inherit it, as they
  /// inherit the streams.
  private static func open(for number: Int32) throws(SystemError) -> Int32 {
    let flags = number == STDIN_FILENO ? O_WRONLY : O_RDONLY
    return try retryingInterrupts(.open, of: "/dev/null") { Glibc.open("/dev/null", flags) }
  }
}

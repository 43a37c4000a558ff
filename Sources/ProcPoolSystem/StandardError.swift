import Glibc

/// The process's standard error.
public enum StandardError {
  public static let number: Int32 = STDERR_FILENO

  /// Passes bytes on as they are. Whether they arrive cannot be helped.
  public static func write(_ bytes: UnsafeRawBufferPointer) {
    var rest = bytes
    while !rest.isEmpty {
      let written = attemptTransfer(.write) { isShort in
        Glibc.write(number, rest.baseAddress, isShort ? 1 : rest.count)
      }
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { return }
      rest = UnsafeRawBufferPointer(rebasing: rest[written...])
    }
  }

  /// Writes what C holds back of standard output, which is standard error's pipe in a worker.
  public static func flushOutput() {
    fflush(nil)
  }

  /// Writes a line, with one call so that lines of several processes do not mix. Whether it arrives cannot be
  /// helped.
  public static func writeLine(_ text: String) {
    let line = text + "\n"
    _ = line.utf8.withContiguousStorageIfAvailable { write(UnsafeRawBufferPointer($0)) }
  }
}

import CProcPoolShims
import Glibc
import Synchronization

/// The process's standard error, written by the calling thread, which waits if nothing reads it.
///
/// In a worker that is right: its tasks' own text waits in the same way. A coordinator has an ``ErrorStream``.
package enum StandardError {
  /// The number that is written to: descriptor 2, or the private copy of it that ``keepPrivately()`` has made.
  package static var number: Int32 { current.load(ordering: .relaxed) }

  private static let current = Atomic(STDERR_FILENO)

  /// Makes a private copy of standard error, which this type writes to from now on. A task may close descriptor 2,
  /// and its number is then another file's.
  static func keepPrivately() throws(SystemError) {
    // From 10 up for the same reason as a worker's pipes.
    let copy = try Descriptor.duplicate(STDERR_FILENO, atLeast: 10)
    current.store(copy.relinquish(), ordering: .relaxed)
  }

  /// Passes bytes on as they are, waiting if need be. Bytes that cannot be written are dropped.
  package static func write(_ bytes: UnsafeRawBufferPointer) {
    let number = number
    var rest = bytes
    while !rest.isEmpty {
      let written = attemptTransfer(.write) { isShort in
        Glibc.write(number, rest.baseAddress, isShort ? 1 : rest.count)
      }
      if written < 0 {
        switch errno {
        case EINTR: continue
        case EAGAIN:
          // Whoever started this process has left the stream non-blocking.
          var poll = pollfd(fd: number, events: Int16(POLLOUT), revents: 0)
          _ = attempt(.poll) { Glibc.poll(&poll, 1, -1) }
          continue
        default: return
        }
      }
      guard written > 0 else { return }
      rest = UnsafeRawBufferPointer(rebasing: rest[written...])
    }
  }

  /// Writes what the C library holds back of standard output, which is a copy of standard error in a worker.
  ///
  /// Costs a system call only if something is held back. A thread that is printing keeps what it holds: waiting
  /// for it could take for ever.
  package static func flushOutput() {
    procpool_flush_stdout()
  }

  /// Writes a line, with one call so that lines of several processes do not mix. A line that cannot be written is
  /// dropped.
  package static func writeLine(_ text: String) {
    var line = text + "\n"
    line.withUTF8 { write(UnsafeRawBufferPointer($0)) }
  }
}

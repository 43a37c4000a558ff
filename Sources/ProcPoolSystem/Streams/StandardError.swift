import CProcPoolShims
import Glibc
import Synchronization

/// The standard error of the process, written by the calling thread, which blocks if nothing reads
/// it.
///
/// For workers, in which the output of tasks blocks in the same way. A coordinator uses an
/// ``ErrorStream``.
package enum StandardError {
  /// The descriptor that is written to: 2, or the private copy that ``keepPrivately()`` has made.
  package static var number: Int32 { current.load(ordering: .relaxed) }

  private static let current = Atomic(STDERR_FILENO)

  /// Makes a private copy of standard error, which this type writes to from now on. A task may
  /// close descriptor 2, and its number may then be reused.
  static func keepPrivately() throws(SystemError) {
    // From 10 up for the same reason as a worker's pipes.
    let copy = try Descriptor.duplicate(STDERR_FILENO, atLeast: 10)
    current.store(copy.relinquish(), ordering: .relaxed)
  }

  /// Writes bytes, waiting if necessary. Bytes that cannot be written are dropped.
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
          // The parent process has left the stream non-blocking.
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

  /// Flushes the C library's buffer of standard output, which is a copy of standard error in a
  /// worker.
  ///
  /// Costs a system call only if the buffer is not empty. It does not wait for a thread that is
  /// printing, which could take forever.
  package static func flushOutput() {
    procpool_flush_stdout()
  }

  /// Writes a line with one call, so that lines of several processes are not interleaved. A line
  /// that cannot be written is dropped.
  package static func writeLine(_ text: String) {
    var line = text + "\n"
    line.withUTF8 { write(UnsafeRawBufferPointer($0)) }
  }
}

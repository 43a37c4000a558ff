import CProcPoolShims
import Glibc

/// The two ends of a new pipe, both close-on-exec from the first instant.
///
/// Foundation's `Pipe` is inheritable: a child process that another thread starts at that moment
/// would keep an end open, and the end of a worker or of the coordinator would not be detected.
package struct Pipe: ~Copyable {
  package let reading: Descriptor
  package let writing: Descriptor

  package init() throws(SystemError) {
    var numbers: (Int32, Int32) = (0, 0)
    try withUnsafeMutableBytes(of: &numbers) { (bytes) throws(SystemError) in
      let base = bytes.baseAddress!.assumingMemoryBound(to: Int32.self)
      try retryingInterrupts(.pipe2) { procpool_pipe_cloexec(base) }
    }
    reading = Descriptor(owning: numbers.0)
    writing = Descriptor(owning: numbers.1)
  }

  /// Requests a capacity in bytes. Best effort: the capacity of all pipes of a user is limited
  /// (`/proc/sys/fs/pipe-user-pages-soft`), and a smaller pipe is only slower.
  package func requestCapacity(_ bytes: Int32) {
    _ = attempt(.setPipeSize) { procpool_set_pipe_capacity(writing.number, bytes) }
  }

  /// Opens the pipe again, as a non-blocking descriptor for both ends: a write to it always finds a
  /// reader, and thus never ends the program by `SIGPIPE`. Fails without `/proc`.
  package func openBothEnds() throws(SystemError) -> Descriptor {
    try Descriptor.open("/proc/self/fd/\(writing.number)", O_RDWR | O_NONBLOCK)
  }

  /// The capacity in bytes; `nil` if the system does not report it.
  package var capacity: Int? {
    let capacity = procpool_pipe_capacity(writing.number)
    return capacity < 0 ? nil : Int(capacity)
  }

  /// Transfers the ownership of both ends to the caller, as numbers because Swift has no tuples of
  /// noncopyable values.
  package consuming func relinquish() -> (reading: Int32, writing: Int32) {
    (reading.relinquish(), writing.relinquish())
  }
}

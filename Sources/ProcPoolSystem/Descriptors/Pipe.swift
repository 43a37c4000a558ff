import CProcPoolShims
import Glibc

/// The two ends of a new pipe, both close-on-exec from the first instant.
///
/// Foundation's `Pipe` is inheritable: a child that another thread starts at the wrong moment would keep an
/// end open, and the death of a worker or of the coordinator would go unseen.
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

  /// Asks for room for `bytes` in the pipe. Best effort: what a user may have in all his pipes is limited
  /// (`/proc/sys/fs/pipe-user-pages-soft`), and a smaller pipe is slower, not wrong.
  package func requestCapacity(_ bytes: Int32) {
    _ = attempt(.setPipeSize) { procpool_set_pipe_capacity(writing.number, bytes) }
  }

  /// Opens the pipe once more, as a descriptor that is both ends and does not block: a write to it never finds the pipe
  /// without a reader, and so never ends the program by `SIGPIPE`. It fails where there is no `/proc`.
  package func openBothEnds() throws(SystemError) -> Descriptor {
    try Descriptor.open("/proc/self/fd/\(writing.number)", O_RDWR | O_NONBLOCK)
  }

  /// How many bytes it holds, or `nil` where the system does not say.
  package var capacity: Int? {
    let capacity = procpool_pipe_capacity(writing.number)
    return capacity < 0 ? nil : Int(capacity)
  }

  /// Takes the pipe apart. The numbers are the caller's to own: Swift has no tuples of what cannot be copied.
  package consuming func relinquish() -> (reading: Int32, writing: Int32) {
    (reading.relinquish(), writing.relinquish())
  }
}

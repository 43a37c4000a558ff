import CProcPoolShims
import Glibc

/// The file of standard error, which is written without blocking if possible.
///
/// The `O_NONBLOCK` flag of the inherited descriptor is never set, because it belongs to the open
/// file description, which this process shares with others, such as its shell.
struct ErrorTarget: ~Copyable, Sendable {
  private enum Manner: Sendable {
    /// A separate, non-blocking open file description.
    case nonBlocking
    /// A socket: each call has a flag not to block.
    case socket
    /// A file or device that cannot be opened a second time: a write may block.
    case blocking
  }

  enum Outcome {
    case moved(Int)
    case wouldBlock
    /// The file accepts nothing: the reader or the terminal is gone, or the disk is full.
    case refused
  }

  private let descriptor: Descriptor
  private let manner: Manner
  /// The maximum number of bytes per write. A pipe that is ready accepts `PIPE_BUF` bytes
  /// atomically.
  let longestWrite: Int
  /// The identity of the file; `nil` for none.
  let identity: Identity?

  struct Identity: Equatable, Sendable {
    var device: UInt64
    var inode: UInt64
    /// The device number, if the file is a device.
    var deviceNumber: UInt64
    fileprivate var kind: mode_t

    /// The identity of an open file; `nil` if the number is not open, or belongs to a kernel object
    /// that is not a stream, such as an event counter or a poller that has reused the number of a
    /// closed stream.
    init?(of number: Int32) throws(SystemError) {
      var status = stat()
      do throws(SystemError) {
        try retryingInterrupts(.fileStatus) { fstat(number, &status) }
      } catch {
        if error.code == EBADF { return nil }
        throw error
      }
      kind = status.st_mode & S_IFMT
      if kind == 0 { return nil }
      device = UInt64(status.st_dev)
      inode = UInt64(status.st_ino)
      deviceNumber = UInt64(status.st_rdev)
    }
  }

  /// - Parameter given: the identity of descriptor 2; `nil` if it is not a stream, and text is
  ///   dropped.
  init(_ given: Identity?) throws(SystemError) {
    // As a number, because Swift has no tuples of noncopyable values.
    let (number, manner) = try Self.open(given)
    descriptor = Descriptor(owning: number)
    self.manner = manner
    identity = given
    // Writes to a file are atomic whatever their length; 64 KiB keeps each short.
    longestWrite = given?.kind == S_IFREG ? 1 << 16 : 4096
  }

  private static func open(_ identity: Identity?) throws(SystemError) -> (Int32, Manner) {
    guard let identity else { return (try Descriptor.open("/dev/null", O_WRONLY).relinquish(), .blocking) }
    if identity.kind == S_IFIFO || isatty(STDERR_FILENO) != 0, let own = openAgain(identity) {
      return (own, .nonBlocking)
    }
    let copy = try Descriptor.duplicate(STDERR_FILENO, atLeast: 10).relinquish()
    return (copy, identity.kind == S_IFSOCK ? .socket : .blocking)
  }

  /// Opens the file a second time; `nil` without `/proc`, or if the user may not open the terminal
  /// or pipe.
  private static func openAgain(_ identity: Identity) -> Int32? {
    guard
      let number = try? Descriptor.open("/proc/self/fd/\(STDERR_FILENO)", O_WRONLY | O_NONBLOCK | O_NOCTTY)
        .relinquish()
    else { return nil }
    if (try? Identity(of: number)) == identity { return number }
    _ = Descriptor(owning: number)
    return nil
  }

  /// The number of columns of the terminal; `nil` if the file is not a terminal.
  var terminalWidth: Int? {
    guard isatty(descriptor.number) != 0 else { return nil }
    let width = procpool_terminal_width(descriptor.number)
    // The usual width, if the terminal does not report one.
    return width > 0 ? Int(width) : 80
  }

  func write(_ bytes: UnsafeRawBufferPointer) -> Outcome {
    let number = descriptor.number
    while true {
      let count: Int
      switch manner {
      case .socket:
        count = attemptTransfer(.send) { isShort in
          send(
            number, bytes.baseAddress, isShort ? 1 : bytes.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
        }
      case .blocking:
        // A write to a terminal that is ready may still block, because the terminal does not report
        // how much it accepts.
        if !isReady(within: 0) { return .wouldBlock }
        fallthrough
      case .nonBlocking:
        count = attemptTransfer(.write) { isShort in
          Glibc.write(number, bytes.baseAddress, isShort ? 1 : bytes.count)
        }
      }
      if count > 0 { return .moved(count) }
      if count == 0 { return .refused }
      switch errno {
      case EINTR: continue
      case EAGAIN: return .wouldBlock
      default: return .refused
      }
    }
  }

  /// Waits until something can be written, or nothing ever will be.
  ///
  /// - Returns: `false` if the time was over.
  func isReady(within milliseconds: Int32) -> Bool {
    var poll = pollfd(fd: descriptor.number, events: Int16(POLLOUT), revents: 0)
    // A failure counts as readiness, because the write reports the error. So do POLLERR and
    // POLLHUP, which a full pipe without a reader has rather than POLLOUT.
    return attempt(.poll) { Glibc.poll(&poll, 1, milliseconds) } != 0
  }
}

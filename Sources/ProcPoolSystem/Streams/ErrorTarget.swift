import CProcPoolShims
import Glibc

/// The file that standard error is, and how it is written to without waiting, as far as it can be.
///
/// The `O_NONBLOCK` flag of the inherited descriptor is never set: it belongs to the open file description, which this
/// process shares with others, a shell among them.
struct ErrorTarget: ~Copyable, Sendable {
  private enum Manner: Sendable {
    /// An open file of this process's own, which does not block.
    case nonBlocking
    /// Each call says that it must not block.
    case socket
    /// A write may block: a file or device that cannot be opened a second time.
    case blocking
  }

  enum Outcome {
    case moved(Int)
    case wouldBlock
    /// It takes nothing: its reader has gone, its terminal has gone, its disk is full.
    case refused
  }

  private let descriptor: Descriptor
  private let manner: Manner
  /// The most bytes to be written with one call. Of a pipe that is ready, `PIPE_BUF` bytes are written at once and
  /// not mixed with other processes' bytes.
  let longestWrite: Int
  /// Tells one file from another; `nil` for none.
  let identity: Identity?

  struct Identity: Equatable, Sendable {
    var device: UInt64
    var inode: UInt64
    /// Of a file that is a device, which.
    var deviceNumber: UInt64
    fileprivate var kind: mode_t

    /// The identity of an open file; `nil` if the number is no open file's, or that of a file that is no stream:
    /// an event counter or a poller of the kernel's, which has taken a number that the program has closed.
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

  /// - Parameter given: the identity of descriptor 2; `nil` if that is no stream, and what is written is to vanish.
  init(_ given: Identity?) throws(SystemError) {
    // By number, because Swift has no tuples of what cannot be copied.
    let (number, manner) = try Self.open(given)
    descriptor = Descriptor(owning: number)
    self.manner = manner
    identity = given
    // A file's writes are whole however long they are; 64 KiB keeps the memory and the time of each small.
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

  /// `nil` where that is refused: without `/proc`, and where the user may not open the terminal or pipe anew.
  private static func openAgain(_ identity: Identity) -> Int32? {
    guard
      let number = try? Descriptor.open("/proc/self/fd/\(STDERR_FILENO)", O_WRONLY | O_NONBLOCK | O_NOCTTY)
        .relinquish()
    else { return nil }
    if (try? Identity(of: number)) == identity { return number }
    _ = Descriptor(owning: number)
    return nil
  }

  /// How many characters the terminal has in a line; `nil` if it is no terminal.
  var terminalWidth: Int? {
    guard isatty(descriptor.number) != 0 else { return nil }
    let width = procpool_terminal_width(descriptor.number)
    // One that does not say is taken for the usual one.
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
        // A terminal that is ready may wait all the same, since it does not say how much it takes.
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
    // A failure is as good as readiness: the write says more. So are POLLERR and POLLHUP, which a full pipe
    // without a reader has instead of POLLOUT.
    return attempt(.poll) { Glibc.poll(&poll, 1, milliseconds) } != 0
  }
}

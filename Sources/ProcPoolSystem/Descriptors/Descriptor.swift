import CProcPoolShims
import Glibc
import Synchronization

/// A file descriptor with one owner, closed at the end of its lifetime.
package struct Descriptor: ~Copyable, Sendable {
  /// The number of the descriptor, valid as long as this value lives.
  package let number: Int32

  /// Takes over a descriptor that is open and has no other owner.
  ///
  /// If it has the number of a standard stream, because the program has closed that stream, it is
  /// moved to another number.
  package init(owning number: Int32) {
    self.number = number > STDERR_FILENO ? number : StandardStreams.vacate(number)
  }

  deinit {
    // Not repeated after EINTR: on Linux the descriptor is closed then, and its number may have
    // been reused.
    _ = Glibc.close(number)
  }

  /// Transfers the ownership of the number to the caller.
  package consuming func relinquish() -> Int32 {
    let number = self.number
    discard self
    return number
  }

  /// A second descriptor for the same open file, close-on-exec, numbered `minimum` or higher.
  package func duplicate(atLeast minimum: Int32 = 3) throws(SystemError) -> Descriptor {
    try Self.duplicate(number, atLeast: minimum)
  }

  /// Duplicates a descriptor without an owner, such as a standard stream.
  static func duplicate(_ number: Int32, atLeast minimum: Int32) throws(SystemError) -> Descriptor {
    let copy = try retryingInterrupts(.duplicate) { fcntl(number, F_DUPFD_CLOEXEC, minimum) }
    return Descriptor(owning: copy)
  }

  /// Makes reads and writes return immediately rather than wait.
  ///
  /// The setting belongs to the open file description, so it also applies to other processes that
  /// share it.
  package func setNonBlocking() throws(SystemError) {
    let flags = try retryingInterrupts(.getFlags) { fcntl(number, F_GETFL) }
    try retryingInterrupts(.setFlags) { fcntl(number, F_SETFL, flags | O_NONBLOCK) }
  }

  /// Opens a file, close-on-exec.
  package static func open(_ path: String, _ flags: Int32) throws(SystemError) -> Descriptor {
    Descriptor(owning: try retryingInterrupts(.open, of: path) { Glibc.open(path, flags | O_CLOEXEC) })
  }

  /// The maximum number of open descriptors of this process; `nil` if the system does not report
  /// it. It can be raised up to the hard limit.
  package static var limit: UInt64? {
    get {
      var soft: UInt64 = 0
      return procpool_descriptor_limit(&soft) == 0 ? soft : nil
    }
    set { _ = newValue.map(procpool_set_descriptor_limit) }
  }

  private static let raised = Mutex(())

  /// Runs the body with a limit of at least `minimum` descriptors, or up to the hard limit, and
  /// then restores the limit. One caller at a time, because the limit applies to the whole process.
  package static func withLimit<Result, Failure: Error>(
    atLeast minimum: UInt64, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    guard let limit, limit < minimum else { return try body() }
    return try raised.withLock { (_) throws(Failure) in
      Self.limit = minimum
      defer { Self.limit = limit }
      return try body()
    }
  }
}

/// The result of a read or write on a non-blocking descriptor.
package enum Transfer: Equatable, Sendable {
  /// This number of bytes was moved, at least one.
  case moved(Int)
  /// Nothing could be moved without waiting.
  case wouldBlock
  /// The other end is closed: there is nothing more to read, or no reader.
  case closed
}

extension Descriptor {
  /// Reads the available bytes, at most as many as fit. Waits for the first byte if the descriptor
  /// blocks.
  package func read(into memory: UnsafeMutableRawBufferPointer) throws(SystemError) -> Transfer {
    while true {
      let count = attemptTransfer(.read) { isShort in
        Glibc.read(number, memory.baseAddress, isShort ? 1 : memory.count)
      }
      if count > 0 { return .moved(count) }
      if count == 0 { return .closed }
      switch errno {
      case EINTR: continue
      case EAGAIN: return .wouldBlock
      default: throw SystemError(.read)
      }
    }
  }

  /// Reads the content of a non-blocking pipe in pieces, at most the capacity of the pipe, because
  /// another process may continue to write.
  package func drain(_ body: (UnsafeRawBufferPointer) -> Void) {
    let capacity = procpool_pipe_capacity(number)
    // 64 KiB is the usual capacity of a pipe.
    var rest = capacity > 0 ? Int(capacity) : 1 << 16
    withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { memory in
      while rest > 0 {
        guard case .moved(let count)? = try? read(into: memory) else { return }
        body(UnsafeRawBufferPointer(rebasing: memory[..<count]))
        rest -= count
      }
    }
  }

  /// Writes as much as fits. Waits until everything is written if the descriptor blocks.
  package func write(_ memory: UnsafeRawBufferPointer) throws(SystemError) -> Transfer {
    var vector = iovec(
      iov_base: UnsafeMutableRawPointer(mutating: memory.baseAddress), iov_len: memory.count)
    return try write(gathering: &vector, count: 1)
  }

  /// Writes several pieces of memory with one call, as much as fits.
  ///
  /// - Parameter count: the number of pieces, at most 1 024 (`IOV_MAX`).
  package func write(
    gathering pieces: UnsafeMutablePointer<iovec>, count: Int
  ) throws(SystemError) -> Transfer {
    while true {
      let written = attemptTransfer(.writev) { isShort in
        isShort ? Glibc.write(number, pieces[0].iov_base, 1) : writev(number, pieces, Int32(count))
      }
      if written > 0 { return .moved(written) }
      if written == 0 { return .wouldBlock }
      switch errno {
      case EINTR: continue
      case EAGAIN: return .wouldBlock
      case EPIPE: return .closed
      default: throw SystemError(.writev)
      }
    }
  }

  /// Writes all bytes, waiting if necessary.
  ///
  /// - Returns: `false` if there is no reader left.
  package func writeAll(_ memory: UnsafeRawBufferPointer) throws(SystemError) -> Bool {
    var rest = memory
    while !rest.isEmpty {
      switch try write(rest) {
      case .moved(let count): rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      case .wouldBlock: try waitUntilReady(for: Int16(POLLOUT))
      case .closed: return false
      }
    }
    return true
  }

  /// Whether a read would return immediately, with data or with the end of the stream.
  package func isReadable() -> Bool {
    var poll = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
    return attempt(.poll) { Glibc.poll(&poll, 1, 0) } > 0
  }

  /// Waits until one of `events` is possible, or the other end is closed.
  ///
  /// - Parameter milliseconds: how long to wait; without limit by default. A signal restarts the
  ///   wait.
  /// - Returns: `false` if the time has elapsed.
  @discardableResult
  package func waitUntilReady(for events: Int16, milliseconds: Int32 = -1) throws(SystemError) -> Bool {
    var poll = pollfd(fd: number, events: events, revents: 0)
    return try retryingInterrupts(.poll) { Glibc.poll(&poll, 1, milliseconds) } > 0
  }
}

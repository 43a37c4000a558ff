import CProcPoolShims
import Glibc
import Synchronization

/// A file descriptor with one owner, closed when that owner lets go of it.
package struct Descriptor: ~Copyable, Sendable {
  /// The number. Valid as long as this value lives.
  package let number: Int32

  /// Takes over a descriptor that is open and has no other owner.
  ///
  /// If it has the number of a standard stream, which the program must have closed, it gets another one.
  package init(owning number: Int32) {
    self.number = number > STDERR_FILENO ? number : StandardStreams.vacate(number)
  }

  deinit {
    // Not repeated after EINTR: on Linux the descriptor is gone by then, and its number may be another's.
    _ = Glibc.close(number)
  }

  /// Gives the number away: from here on somebody else closes it.
  package consuming func relinquish() -> Int32 {
    let number = self.number
    discard self
    return number
  }

  /// A second descriptor for the same open file, close-on-exec, numbered `minimum` or higher.
  package func duplicate(atLeast minimum: Int32 = 3) throws(SystemError) -> Descriptor {
    try Self.duplicate(number, atLeast: minimum)
  }

  /// The same for a descriptor that nobody owns: a standard stream.
  static func duplicate(_ number: Int32, atLeast minimum: Int32) throws(SystemError) -> Descriptor {
    let copy = try retryingInterrupts(.duplicate) { fcntl(number, F_DUPFD_CLOEXEC, minimum) }
    return Descriptor(owning: copy)
  }

  /// Makes reads and writes return at once where they would wait.
  ///
  /// The setting belongs to the open file, so everyone who shares that shares the setting.
  package func setNonBlocking() throws(SystemError) {
    let flags = try retryingInterrupts(.getFlags) { fcntl(number, F_GETFL) }
    try retryingInterrupts(.setFlags) { fcntl(number, F_SETFL, flags | O_NONBLOCK) }
  }

  /// Opens a file.
  package static func open(_ path: String, _ flags: Int32) throws(SystemError) -> Descriptor {
    Descriptor(owning: try retryingInterrupts(.open, of: path) { Glibc.open(path, flags | O_CLOEXEC) })
  }

  /// How many descriptors this process may have open, or `nil` where the system does not say. It can be set
  /// up to what the system allows, the hard limit.
  package static var limit: UInt64? {
    get {
      var soft: UInt64 = 0
      return procpool_descriptor_limit(&soft) == 0 ? soft : nil
    }
    set { _ = newValue.map(procpool_set_descriptor_limit) }
  }

  private static let raised = Mutex(())

  /// Runs the body with a limit of at least `minimum` descriptors, as far as the system lets this process
  /// raise its own; afterwards it is as before. One caller at a time, because the limit is the whole
  /// process's.
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

/// What a read or write on a non-blocking descriptor came to.
package enum Transfer: Equatable, Sendable {
  /// So many bytes were moved, at least one.
  case moved(Int)
  /// Nothing could be moved without waiting.
  case wouldBlock
  /// The other side has closed: there is nothing more to read, or nobody to write to.
  case closed
}

extension Descriptor {
  /// Reads what is there, at most as much as fits. Waits for the first byte if the descriptor blocks.
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

  /// Reads what is there, in pieces, from a pipe that does not block: as much as the pipe holds and no more,
  /// because another process may go on writing.
  package func drain(_ body: (UnsafeRawBufferPointer) -> Void) {
    let capacity = procpool_pipe_capacity(number)
    // 64 KiB is a pipe's usual capacity.
    var rest = capacity > 0 ? Int(capacity) : 1 << 16
    withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { memory in
      while rest > 0 {
        guard case .moved(let count)? = try? read(into: memory) else { return }
        body(UnsafeRawBufferPointer(rebasing: memory[..<count]))
        rest -= count
      }
    }
  }

  /// Writes as much as fits now. Waits for all of it if the descriptor blocks.
  package func write(_ memory: UnsafeRawBufferPointer) throws(SystemError) -> Transfer {
    var vector = iovec(
      iov_base: UnsafeMutableRawPointer(mutating: memory.baseAddress), iov_len: memory.count)
    return try write(gathering: &vector, count: 1)
  }

  /// Writes several pieces of memory with one call, as much as fits now.
  ///
  /// - Parameter count: how many pieces, at most 1 024 (`IOV_MAX`).
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

  /// Writes all of it, waiting where need be.
  ///
  /// - Returns: `false` if nobody is left to read it.
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

  /// Whether there is something to read (or an end to see) right now.
  package func isReadable() -> Bool {
    var poll = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
    return attempt(.poll) { Glibc.poll(&poll, 1, 0) } > 0
  }

  /// Waits until one of `events` is possible, or the other side has gone.
  ///
  /// - Parameter milliseconds: how long to wait at the most; for ever unless given. A signal starts it anew.
  /// - Returns: `false` if the time was over.
  @discardableResult
  package func waitUntilReady(for events: Int16, milliseconds: Int32 = -1) throws(SystemError) -> Bool {
    var poll = pollfd(fd: number, events: events, revents: 0)
    return try retryingInterrupts(.poll) { Glibc.poll(&poll, 1, milliseconds) } > 0
  }
}

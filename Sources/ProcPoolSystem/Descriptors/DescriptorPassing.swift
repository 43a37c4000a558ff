import CProcPoolShims
import Glibc

/// A connected pair of sockets. Queued descriptors stay open even if the sender ends.
package struct SocketPair: ~Copyable {
  package let near: Descriptor
  package let far: Descriptor

  /// Both are close-on-exec from the first instant.
  package init() throws(SystemError) {
    var numbers: (Int32, Int32) = (0, 0)
    try withUnsafeMutableBytes(of: &numbers) { (bytes) throws(SystemError) in
      let base = bytes.baseAddress!.assumingMemoryBound(to: Int32.self)
      try retryingInterrupts(.socketPair) {
        socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, base)
      }
    }
    near = Descriptor(owning: numbers.0)
    far = Descriptor(owning: numbers.1)
  }

  /// Transfers the ownership of both descriptors to the caller, as numbers because Swift has no
  /// tuples of noncopyable values.
  package consuming func relinquish() -> (near: Int32, far: Int32) {
    (near.relinquish(), far.relinquish())
  }
}

extension Descriptor {
  /// The maximum number of descriptors in one message (`SCM_MAX_FD`).
  package static let mostPassedAtOnce = 253

  /// The result of an attempt to pass descriptors.
  package enum Passing: Equatable, Sendable {
    case passed
    /// The socket is full because the other end has not taken earlier messages.
    case wouldBlock
    /// The kernel's limit on descriptors in transit between the user's processes is reached
    /// (`ETOOMANYREFS`).
    case tooMany
    /// The other end is closed.
    case closed
    /// This is not a socket, one of the descriptors is invalid, or the system does not allow it.
    case impossible
  }

  /// Passes descriptors to the other end of a stream socket, with a message of one byte.
  ///
  /// The files then stay open until the other end has taken and closed them, or is closed itself,
  /// even if this process closes its descriptors or ends.
  ///
  /// - Parameter numbers: at most ``mostPassedAtOnce``, and at least one.
  package func pass(_ numbers: ArraySlice<Int32>) -> Passing {
    while true {
      let result = attempt(.sendDescriptor) {
        numbers.withUnsafeBufferPointer {
          procpool_send_descriptors(number, $0.baseAddress, Int32($0.count))
        }
      }
      if result >= 0 { return .passed }
      switch errno {
      case EINTR: continue
      case EAGAIN: return .wouldBlock
      case ETOOMANYREFS: return .tooMany
      case EPIPE, ECONNRESET: return .closed
      default: return .impossible
      }
    }
  }

  /// Whether this is a socket, which can pass descriptors.
  var isSocket: Bool {
    var status = stat()
    return attempt(.fileStatus) { fstat(number, &status) } == 0 && status.st_mode & S_IFMT == S_IFSOCK
  }

  /// Takes the descriptors of the next message from the other end, without waiting.
  ///
  /// - Returns: their numbers, which the caller owns, and whether some were lost because this
  ///   process has reached its limit on descriptors; `nil` if there is no message.
  package func takePassed() -> (numbers: [Int32], isCut: Bool)? {
    while true {
      var isCut: Int32 = 0
      var count: Int32 = -1
      let numbers = [Int32](unsafeUninitializedCapacity: Self.mostPassedAtOnce) { memory, initialized in
        count = attempt(.receiveDescriptor) {
          procpool_receive_descriptors(number, memory.baseAddress, Int32(memory.count), &isCut)
        }
        initialized = Int(max(0, count))
      }
      if count >= 0 { return (numbers, isCut != 0) }
      if errno != EINTR { return nil }
    }
  }

  /// Whether the other end has taken all messages.
  package var isDrained: Bool { procpool_unread(number) <= 0 }
}

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

  /// Takes the pair apart. The numbers are the caller's to own: Swift has no tuples of what cannot be copied.
  package consuming func relinquish() -> (near: Int32, far: Int32) {
    (near.relinquish(), far.relinquish())
  }
}

extension Descriptor {
  /// Descriptors that one message carries at the most (`SCM_MAX_FD`).
  package static let mostPassedAtOnce = 253

  /// What became of an attempt to pass descriptors.
  package enum Passing: Equatable, Sendable {
    case passed
    /// The other end has not taken what is there, and there is no room for more.
    case wouldBlock
    /// So many descriptors are on their way between this user's processes that the kernel takes no more
    /// (`ETOOMANYREFS`).
    case tooMany
    /// There is no other end any more.
    case closed
    /// This is no socket, or one of the descriptors is none, or the system refuses.
    case impossible
  }

  /// Passes descriptors to the other end of a stream, with one message of one byte.
  ///
  /// From then on the files are open until the other end has taken and closed them, or is gone itself; this process
  /// may close its own or end.
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

  /// Whether this is a socket, and can pass descriptors.
  var isSocket: Bool {
    var status = stat()
    return attempt(.fileStatus) { fstat(number, &status) } == 0 && status.st_mode & S_IFMT == S_IFSOCK
  }

  /// Takes the descriptors of the next message that the other end has passed, without waiting.
  ///
  /// - Returns: their numbers, for the caller to own, and whether some were lost, because this process may open no
  ///   more; `nil` if there is no message.
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

  /// Whether the other end has taken everything that was passed.
  package var isEverythingTaken: Bool { procpool_unread(number) <= 0 }
}

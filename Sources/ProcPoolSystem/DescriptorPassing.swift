import CProcPoolShims
import Glibc

// Descriptors that go with a stream, against its direction: a worker's stream of tasks is a pair of sockets, and what
// the worker passes on lies in the coordinator's end of it, whatever becomes of the worker.

extension Pipe {
  /// A pipe whose reading end can pass descriptors to its writing end.
  ///
  /// It is a pair of sockets; a plain pipe where the system has none to give.
  public static func passingDescriptors() throws(SystemError) -> Pipe {
    var numbers: (Int32, Int32) = (0, 0)
    let result = withUnsafeMutableBytes(of: &numbers) { bytes in
      let base = bytes.baseAddress!.assumingMemoryBound(to: Int32.self)
      return attempt(.socketPair) {
        socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, base)
      }
    }
    guard result == 0 else { return try Pipe() }
    return Pipe(reading: numbers.0, writing: numbers.1)
  }
}

extension Descriptor {
  /// Descriptors that one message carries at the most (`SCM_MAX_FD`).
  public static let mostPassedAtOnce = 253

  /// What became of an attempt to pass descriptors.
  public enum Passing: Equatable, Sendable {
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
  public func pass(_ numbers: ArraySlice<Int32>) -> Passing {
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

  /// Takes the descriptors of the next message that the other end has passed, without waiting.
  ///
  /// - Returns: their numbers, for the caller to own, and whether some were lost, because this process may open no
  ///   more; `nil` if there is no message.
  public func takePassed() -> (numbers: [Int32], isCut: Bool)? {
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
  public var isEverythingTaken: Bool { procpool_unread(number) <= 0 }
}

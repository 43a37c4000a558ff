import CProcPoolShims
import Glibc
import Synchronization

/// A service that passes descriptors to other processes, over a local socket in the abstract
/// namespace.
///
/// Any process on the machine can connect, so a request must contain a number that cannot be
/// guessed. The answer is a descriptor or none.
package enum DescriptorSocket {
  /// Whether other processes of the user may open descriptors of this one.
  package static var isProcessOpen: Bool { procpool_is_dumpable() != 0 }

  /// How long the service waits for a request after a connection, in microseconds: clients send it
  /// immediately.
  private static let patienceWithQuestions = 50_000
  /// How long a client waits for an answer, in microseconds: the machine may be loaded, and other
  /// clients may be slow.
  private static let patienceWithAnswers = 999_999

  /// How long a process that did not answer is not asked again, in nanoseconds, so that a pool
  /// continues while one of its workers is stopped.
  private static let silence: Int64 = 10_000_000_000
  /// The processes that did not answer, and the time until which they are not asked again, in
  /// nanoseconds.
  private static let silent = Mutex<[UInt64: Int64]>([:])

  /// Starts a thread that answers requests as long as the process lives.
  ///
  /// - Parameters:
  ///   - number: the name of the socket, for `ask`.
  ///   - find: passes the requested descriptor to its second argument, or does not call it.
  package static func serve(
    _ number: UInt64, _ find: @escaping @Sendable (UInt64, (borrowing Descriptor) -> Void) -> Void
  ) throws(SystemError) {
    let socket = try make()
    let listening = socket.number
    try withAddress(of: number) { (address, length) throws(SystemError) in
      try retryingInterrupts(.bind) { Glibc.bind(listening, address, length) }
    }
    try retryingInterrupts(.listen) { Glibc.listen(listening, 128) }
    let kept = socket.relinquish()
    do {
      try SystemThread.start(name: "procpool-lend", stack: 1 << 18, blocksSignals: true) {
        while true { answer(kept, find) }
      }
    } catch {
      _ = Descriptor(owning: kept)
      throw error
    }
  }

  private static func answer(
    _ listening: Int32, _ find: (UInt64, (borrowing Descriptor) -> Void) -> Void
  ) {
    let accepted = attempt(.accept) { procpool_accept(listening) }
    guard accepted >= 0 else {
      // Out of descriptors or memory: the client waits until there are some.
      if errno != EINTR && errno != ECONNABORTED { usleep(10_000) }
      return
    }
    let connection = Descriptor(owning: accepted)
    guard (try? setPatience(connection.number, patienceWithQuestions)) != nil else { return }
    var wanted: UInt64 = 0
    let number = connection.number
    // Eight bytes arrive together, as they were sent.
    guard (try? retryingInterrupts(.receive) { recv(number, &wanted, 8, Int32(MSG_WAITALL)) }) == 8 else {
      return
    }
    var isFound = false
    find(wanted) { descriptor in
      isFound = true
      give(descriptor.number, to: number)
    }
    if !isFound { give(-1, to: number) }
  }

  /// Sends an answer. Errors are ignored, because the client may have ended.
  private static func give(_ descriptor: Int32, to connection: Int32) {
    _ = try? retryingInterrupts(.sendDescriptor) { procpool_send_descriptor(connection, descriptor) }
  }

  /// Requests a descriptor from another process.
  ///
  /// A process that does not answer is not asked again for a while, so that many requests to a
  /// stopped process do not add up.
  ///
  /// - Returns: `nil` if the process does not have the descriptor, or does not answer.
  package static func ask(_ number: UInt64, for wanted: UInt64) throws(SystemError) -> Descriptor? {
    let now = MonotonicClock.now()
    guard silent.withLock({ $0[number] ?? 0 }) <= now else { return nil }
    let socket = try make()
    let asking = socket.number
    try setPatience(asking, patienceWithAnswers)
    try withAddress(of: number) { (address, length) throws(SystemError) in
      try retryingInterrupts(.connect) { Glibc.connect(asking, address, length) }
    }
    var wanted = wanted
    guard (try? retryingInterrupts(.send) { Glibc.send(asking, &wanted, 8, Int32(MSG_NOSIGNAL)) }) == 8 else {
      return nil
    }
    while true {
      let received = attempt(.receiveDescriptor) { procpool_receive_descriptor(asking) }
      if received >= 0 { return Descriptor(owning: received) }
      if received == -1, errno == EINTR { continue }
      if received == -1, errno == EAGAIN {
        silent.withLock { silent in
          silent = silent.filter { $0.value > now }
          silent[number] = now + silence
        }
      }
      return nil
    }
  }

  private static func make() throws(SystemError) -> Descriptor {
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    return Descriptor(owning: try retryingInterrupts(.socket) { Glibc.socket(AF_UNIX, type, 0) })
  }

  /// Sets the time after which a read, a write or a connection fails, so that neither side waits
  /// for a stopped process.
  private static func setPatience(_ socket: Int32, _ microseconds: Int) throws(SystemError) {
    var time = timeval(tv_sec: 0, tv_usec: microseconds)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      try retryingInterrupts(.setOption) {
        setsockopt(socket, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
      }
    }
  }

  private static func withAddress(
    of number: UInt64, _ body: (UnsafePointer<sockaddr>, socklen_t) throws(SystemError) -> Void
  ) throws(SystemError) {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    // A name that starts with a zero byte is in the abstract namespace, and vanishes with the
    // socket.
    let name = [0] + Array("procpool-\(String(number, radix: 16))".utf8)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
    let length = socklen_t(MemoryLayout<sockaddr_un>.offset(of: \.sun_path)! + name.count)
    let result = withUnsafePointer(to: &address) { address in
      address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        Result { () throws(SystemError) in try body(address, length) }
      }
    }
    try result.get()
  }
}

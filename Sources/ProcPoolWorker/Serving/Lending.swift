import Glibc
import ProcPoolSystem

/// Passes memory files of this worker to the coordinator, along with the outputs that refer to
/// them.
///
/// The files are then queued in the coordinator's end of a socket: the outputs of finished items
/// stay valid even if the worker ends.
struct Lending: ~Copyable {
  /// The socket; `nil` if the system provides none, or does not pass descriptors through it.
  private var socket: Descriptor?
  /// Whether the kernel has accepted no descriptors for the maximum time. Until it does, each call
  /// tries only once.
  private var isRefused = false

  init(through socket: consuming Descriptor?) { self.socket = socket }

  /// Passes files. Waits while the socket is full because the coordinator has not taken earlier
  /// ones.
  ///
  /// - Returns: the number of files that were passed, which is lower if the system accepts no more.
  ///   The coordinator requests the rest from this process.
  mutating func pass(_ files: [Int32]) throws(SystemError) -> Int {
    let passed =
      switch socket {
      case .some(let socket): try Self.pass(files, through: socket, &isRefused)
      case .none: (count: 0, isPossible: false)
      }
    if !passed.isPossible { socket = nil }
    return passed.count
  }

  private static func pass(
    _ files: [Int32], through socket: borrowing Descriptor, _ isRefused: inout Bool
  ) throws(SystemError) -> (count: Int, isPossible: Bool) {
    var files = files[...]
    var passed = 0
    /// The time since which the kernel has accepted no more, although the coordinator has taken
    /// everything.
    var refused: Int64?
    while !files.isEmpty {
      let some = files.prefix(Descriptor.mostPassedAtOnce)
      switch socket.pass(some) {
      case .passed:
        passed += some.count
        files = files.dropFirst(some.count)
        refused = nil
        isRefused = false
      case .wouldBlock:
        // If the coordinator ends in the meantime, the watchdog ends this process.
        try socket.waitUntilReady(for: Int16(POLLOUT))
      case .tooMany:
        // The kernel does not notify when there is room.
        let now = MonotonicClock.now()
        if socket.isDrained {
          if isRefused || now - (refused ?? now) >= patience {
            isRefused = true
            return (passed, true)
          }
          refused = refused ?? now
        }
        usleep(1000)
      case .closed: throw SystemError(call: "sendmsg to the coordinator", code: EPIPE)
      case .impossible:
        return (passed, passed > 0)
      }
    }
    return (passed, true)
  }

  /// How long to wait while other programs of the user occupy the kernel's limit, in nanoseconds:
  /// they take their descriptors within microseconds, unless they are stopped.
  private static let patience: Int64 = 2_000_000_000
}

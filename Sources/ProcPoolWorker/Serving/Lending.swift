import Glibc
import ProcPoolSystem

/// Passes files of memory that this worker has made to the coordinator, along with what refers to them.
///
/// From then on they lie in the coordinator's end of a socket: the worker may end at any instant, and what it has finished
/// stays whole.
struct Lending: ~Copyable {
  /// `nil` where the system has none to give, or passes nothing through it.
  private var socket: Descriptor?
  /// The kernel has taken no more for as long as there is patience: it is asked once each time, until it does.
  private var isRefused = false

  init(through socket: consuming Descriptor?) { self.socket = socket }

  /// Passes files on. Waits while the coordinator has not taken what was passed before.
  ///
  /// - Returns: how many; fewer than there are if the system takes no more. The coordinator asks this process for the
  ///   rest.
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
    /// Since when the kernel takes no more, though the coordinator has taken everything from here.
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
        // If the coordinator ends meanwhile, the watchdog ends this process.
        try socket.waitUntilReady(for: Int16(POLLOUT))
      case .tooMany:
        // Nothing tells when there will be room.
        let now = MonotonicClock.now()
        if socket.isEverythingTaken {
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

  /// How long others of the user's programs may keep the kernel from passing any more, in nanoseconds: they take what
  /// is passed to them within microseconds, unless they are stopped.
  private static let patience: Int64 = 2_000_000_000
}

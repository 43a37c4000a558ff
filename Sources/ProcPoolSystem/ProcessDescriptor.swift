import CProcPoolShims
import Glibc

/// How a process ended.
public enum ProcessEnd: Hashable, Sendable, CustomStringConvertible {
  /// It called `exit` or returned from `main`.
  case exited(status: Int32)
  /// A signal ended it.
  case signalled(Int32)
  /// It has ended, but its status went to somebody else who waited for it.
  case unknown

  public var description: String {
    switch self {
    case .exited(let status): "exit status \(status)"
    case .signalled(let number):
      "signal \(number) (\(Self.signalNames[number] ?? String(cString: strsignal(number))))"
    case .unknown: "unknown status"
    }
  }

  /// The names that people know; `strsignal` gives sentences.
  private static let signalNames: [Int32: String] = [
    SIGHUP: "SIGHUP", SIGINT: "SIGINT", SIGQUIT: "SIGQUIT", SIGILL: "SIGILL", SIGTRAP: "SIGTRAP",
    SIGABRT: "SIGABRT", SIGBUS: "SIGBUS", SIGFPE: "SIGFPE", SIGKILL: "SIGKILL", SIGUSR1: "SIGUSR1",
    SIGSEGV: "SIGSEGV", SIGUSR2: "SIGUSR2", SIGPIPE: "SIGPIPE", SIGALRM: "SIGALRM", SIGTERM: "SIGTERM",
    SIGXCPU: "SIGXCPU", SIGXFSZ: "SIGXFSZ", SIGSYS: "SIGSYS",
  ]
}

/// One process, and never another that got the same number after it: a pidfd.
public struct ProcessDescriptor: ~Copyable, Sendable {
  /// Readable once the process has ended.
  public let descriptor: Descriptor

  /// - Parameter pid: a child that has not been waited for, or a process whose number is known to be its own
  ///   still.
  public init(pid: Int32) throws(SystemError) {
    descriptor = Descriptor(owning: try retryingInterrupts(.openProcess) { procpool_pidfd_open(pid) })
  }

  /// Waits until a process has ended, or the other side of a pipe has gone.
  ///
  /// - Parameters:
  ///   - process: the number of its pidfd; a negative one is passed over.
  ///   - pipe: the number of an end of it.
  public static func waitForEnd(of process: Int32, orHangUpOf pipe: Int32) {
    var watched = [
      pollfd(fd: pipe, events: 0, revents: 0),  // No events asked for: hang-up is always reported.
      pollfd(fd: process, events: Int16(POLLIN), revents: 0),
    ]
    // Whatever the failure: there is nothing else to do.
    while attempt(.poll, { poll(&watched, 2, -1) }) <= 0 {}
  }

  /// Gives up ownership: closing it is the caller's.
  public consuming func relinquish() -> Int32 { descriptor.relinquish() }

  /// Whether it has not ended. While this holds, its number is nobody else's.
  public var isRunning: Bool { !descriptor.isReadable() }

  /// Sends a signal; to a process that has ended it does nothing.
  public func send(signal: Int32) {
    _ = procpool_pidfd_send_signal(descriptor.number, signal)
  }

  /// Takes the status of a child that has ended, so that nothing of it stays in the process table.
  ///
  /// - Returns: `nil` while it runs, and `.unknown` where somebody else took the status first. With it the
  ///   most memory that the child had in use at once, in bytes, if the system said.
  public func reap() -> (end: ProcessEnd, peakMemory: Int?)? {
    var code: Int32 = 0
    var status: Int32 = 0
    var peak = 0
    switch attempt(.reap, { procpool_reap(descriptor.number, &code, &status, &peak) }) {
    case 0: return nil
    case 1: return (code == CLD_EXITED ? .exited(status: status) : .signalled(status), peak << 10)
    default: return (.unknown, nil)
    }
  }
}

/// What a process is doing, as far as it matters here.
public enum ProcessState: Sendable {
  /// A signal has stopped it, or a debugger.
  case stopped
  /// Its main thread has ended; if others have not, the process is still there.
  case ended
  case other

  /// - Returns: `nil` if there is no such process.
  public static func of(_ pid: Int32) -> ProcessState? {
    // "PID (name) S …", and the name may have anything in it, parentheses too.
    guard let text = TextFile.read("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else { return nil }
    switch text[end...].dropFirst(2).first {
    case nil: return nil
    case "T", "t": return .stopped
    case "Z", "X": return .ended
    default: return .other
    }
  }
}

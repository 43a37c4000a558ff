import Glibc

// The only public declaration of this module: the errors and events of a pool carry it, so ProcPool
// re-exports it.

/// The end of a process.
public enum ProcessEnd: Hashable, Sendable, CustomStringConvertible {
  /// The process exited with this status: it called `exit` or returned from `main`.
  case exited(status: Int32)
  /// The process was ended by this signal.
  case signalled(Int32)
  /// The process has ended, but other code in this program took its status.
  case unknown

  /// Creates an end from a status as `wait` reports it: the signal in the low seven bits, or else
  /// the exit status in the second byte.
  init(waitStatus status: Int32) {
    let signal = status & 0x7F
    self = signal == 0 ? .exited(status: status >> 8 & 0xFF) : .signalled(signal)
  }

  /// The end as messages have it: "exit status 1", "signal 9 (SIGKILL)".
  public var description: String {
    switch self {
    case .exited(let status): "exit status \(status)"
    case .signalled(let number):
      "signal \(number) (\(Self.signalNames[number] ?? String(cString: strsignal(number))))"
    case .unknown: "unknown status"
    }
  }

  /// The usual names of signals; `strsignal` returns descriptions instead.
  private static let signalNames: [Int32: String] = [
    SIGHUP: "SIGHUP", SIGINT: "SIGINT", SIGQUIT: "SIGQUIT", SIGILL: "SIGILL", SIGTRAP: "SIGTRAP",
    SIGABRT: "SIGABRT", SIGBUS: "SIGBUS", SIGFPE: "SIGFPE", SIGKILL: "SIGKILL", SIGUSR1: "SIGUSR1",
    SIGSEGV: "SIGSEGV", SIGUSR2: "SIGUSR2", SIGPIPE: "SIGPIPE", SIGALRM: "SIGALRM", SIGTERM: "SIGTERM",
    SIGXCPU: "SIGXCPU", SIGXFSZ: "SIGXFSZ", SIGSYS: "SIGSYS",
  ]
}

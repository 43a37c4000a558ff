import Glibc

// The only public declaration of this module: the errors and events of a pool carry it, so ProcPool re-exports it.

/// How a process ended.
public enum ProcessEnd: Hashable, Sendable, CustomStringConvertible {
  /// It called `exit` or returned from `main`.
  case exited(status: Int32)
  /// A signal ended it.
  case signalled(Int32)
  /// It has ended, but its status went to somebody else who waited for it.
  case unknown

  /// From a status as `wait` has it: the signal in the low seven bits, else the status above the low byte.
  init(waitStatus status: Int32) {
    let signal = status & 0x7F
    self = signal == 0 ? .exited(status: status >> 8 & 0xFF) : .signalled(signal)
  }

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

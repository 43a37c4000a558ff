import CProcPoolShims
import Glibc

/// One process, and never another that got the same number after it: a pidfd.
package struct ProcessDescriptor: ~Copyable, Sendable {
  /// Readable once the process has ended.
  package let descriptor: Descriptor

  /// - Parameter pid: a child that has not been waited for, or a process whose number is known to be its own
  ///   still.
  package init(pid: Int32) throws(SystemError) {
    descriptor = Descriptor(owning: try retryingInterrupts(.openProcess) { procpool_pidfd_open(pid) })
  }

  /// What `waitForEnd` has seen end.
  package enum Ended: Sendable { case process, thread }

  /// Waits until a process has ended, the other side of a pipe has gone, or a thread has ended.
  ///
  /// - Parameters:
  ///   - process: the number of its pidfd; a negative one is passed over.
  ///   - pipe: the number of an end of it.
  ///   - thread: the number of a ``ThreadDescriptor``; a negative one is passed over.
  package static func waitForEnd(
    of process: Int32, orHangUpOf pipe: Int32, orOfThread thread: Int32 = -1
  ) -> Ended {
    var watched = [
      pollfd(fd: pipe, events: 0, revents: 0),  // No events asked for: hang-up is always reported.
      pollfd(fd: process, events: Int16(POLLIN), revents: 0),
      pollfd(fd: thread, events: Int16(POLLIN), revents: 0),
    ]
    // Whatever the failure: there is nothing else to do.
    while attempt(.poll, { poll(&watched, 3, -1) }) <= 0 {}
    return watched[0].revents == 0 && watched[1].revents == 0 ? .thread : .process
  }

  /// Gives up ownership: closing it is the caller's.
  package consuming func relinquish() -> Int32 { descriptor.relinquish() }

  /// Whether it has not ended. While this holds, no other process has its number.
  package var isRunning: Bool { !descriptor.isReadable() }

  /// Sends a signal; to a process that has ended it does nothing.
  ///
  /// Where the kernel or a seccomp profile refuses to do that by descriptor, it is sent by number, as long as the
  /// process has not ended: its number may be another's after that.
  ///
  /// - Parameter pid: the process's number.
  /// - Throws: `EPERM` if this process has no right to, for example because one of the two has changed its user.
  package func send(signal: Int32, pid: Int32) throws(SystemError) {
    guard attempt(.signalProcess, { procpool_pidfd_send_signal(descriptor.number, signal) }) != 0 else {
      return
    }
    guard errno != ESRCH, isRunning else { return }
    guard Glibc.kill(pid, signal) != 0, errno != ESRCH else { return }
    throw SystemError(call: "kill", code: errno)
  }

  /// Takes the status of a child that has ended, so that nothing of it stays in the process table.
  ///
  /// If somebody else has taken it first (Foundation, the program, or the kernel where `SIGCHLD` is ignored), the
  /// kernel is asked what it was, which those from 6.15 on know.
  ///
  /// - Returns: `nil` while it runs, and `.unknown` where there is no way to tell. With it the most memory that
  ///   the child had in use at once, in bytes, if the system said.
  package func reap() -> (end: ProcessEnd, peakMemory: Int?)? {
    var code: Int32 = 0
    var status: Int32 = 0
    var peak = 0
    switch attempt(.reap, { procpool_reap(descriptor.number, &code, &status, &peak) }) {
    case 0: return nil
    case 1: return (code == CLD_EXITED ? .exited(status: status) : .signalled(status), peak << 10)
    default: break
    }
    guard attempt(.exitStatus, { procpool_pidfd_exit_status(descriptor.number, &status) }) == 0 else {
      return (.unknown, nil)
    }
    return (ProcessEnd(waitStatus: status), nil)
  }
}

/// One thread of this process: readable once that has ended.
package enum ThreadDescriptor {
  /// The number of a descriptor of the calling thread, the caller's to own; `nil` where the kernel has none (before
  /// 6.9).
  package static func ofCaller() -> Int32? {
    let number = procpool_pidfd_open_thread()
    return number < 0 ? nil : number
  }
}

/// What a process is doing, as far as it matters here.
package enum ProcessState: Sendable {
  /// A signal has stopped it, or a debugger.
  case stopped
  /// Its main thread has ended; if others have not, the process is still there.
  case ended
  case other

  /// How a process has ended whose status the kernel keeps for another process that traces it.
  ///
  /// - Returns: `nil` if it has not ended; `.unknown` where the kernel does not say how.
  package static func endOfTraced(_ pid: Int32) -> ProcessEnd? {
    guard let text = TextFile.read("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else { return nil }
    let fields = text[end...].dropFirst(2).split(whereSeparator: \.isWhitespace)
    guard fields.first == "Z" else { return nil }
    // The last field, as `wait` has it; 0 also where this process may not see it.
    guard let status = fields.last.flatMap({ Int32($0) }), status != 0 else { return .unknown }
    return ProcessEnd(waitStatus: status)
  }

  /// Lets the threads of a child that has been killed go, as far as it is this process that traces them: the child ends
  /// when its tracer has taken their statuses. A thread asks its parent for that by `PTRACE_TRACEME`.
  package static func releaseThreads(ofTraced pid: Int32) {
    // Not of the first, which is that of the process.
    for thread in NumberFolder.entries("/proc/\(pid)/task") where thread != pid {
      waitpid(thread, nil, Int32(bitPattern: UInt32(__WALL)) | WNOHANG)
    }
  }

  /// What the kernel says of a process that should have ended, in words: "state D (disk sleep), traced by process
  /// 4711".
  package static func describe(_ pid: Int32) -> String {
    let lines = (TextFile.read("/proc/\(pid)/status") ?? "").lines()
    func value(_ name: String) -> Substring? {
      lines.first { $0.hasPrefix(name + ":") }?.dropFirst(name.count + 1).drop { $0 == "\t" || $0 == " " }
    }
    guard let state = value("State") else { return "an unreadable state" }
    let tracer = value("TracerPid").flatMap { Int32($0) } ?? 0
    return "state \(state)" + (tracer == 0 ? "" : ", traced by process \(tracer)")
  }

  /// - Returns: `nil` if there is no such process.
  package static func of(_ pid: Int32) -> ProcessState? {
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

import CProcPoolShims
import Glibc

/// A pidfd: a descriptor of one process, which never refers to a later process with the same
/// number.
package struct ProcessDescriptor: ~Copyable, Sendable {
  /// Readable once the process has ended.
  package let descriptor: Descriptor

  /// - Parameter pid: a child that has not been reaped, or a process whose number is known not to
  ///   have been reused.
  package init(pid: Int32) throws(SystemError) {
    descriptor = Descriptor(owning: try retryingInterrupts(.openProcess) { procpool_pidfd_open(pid) })
  }

  /// The event that ended `waitForEnd`.
  package enum Ended: Sendable { case process, thread }

  /// Waits until a process has ended, the other end of a pipe is closed, or a thread has ended.
  ///
  /// - Parameters:
  ///   - process: the number of a pidfd; ignored if negative.
  ///   - pipe: the number of an end of the pipe.
  ///   - thread: the number of a ``ThreadDescriptor``; ignored if negative.
  package static func waitForEnd(
    of process: Int32, orHangUpOf pipe: Int32, orOfThread thread: Int32 = -1
  ) -> Ended {
    var watched = [
      pollfd(fd: pipe, events: 0, revents: 0),  // No events asked for: hang-up is always reported.
      pollfd(fd: process, events: Int16(POLLIN), revents: 0),
      pollfd(fd: thread, events: Int16(POLLIN), revents: 0),
    ]
    // Repeated after any failure, because there is no alternative.
    while attempt(.poll, { poll(&watched, 3, -1) }) <= 0 {}
    return watched[0].revents == 0 && watched[1].revents == 0 ? .thread : .process
  }

  /// Transfers the ownership of the descriptor to the caller.
  package consuming func relinquish() -> Int32 { descriptor.relinquish() }

  /// Whether the process has not ended. Until then its number is not reused.
  package var isRunning: Bool { !descriptor.isReadable() }

  /// Sends a signal; does nothing if the process has ended.
  ///
  /// If the kernel or a seccomp profile does not allow that by descriptor, the signal is sent by
  /// number, as long as the process has not ended.
  ///
  /// - Parameter pid: the process ID.
  /// - Throws: `EPERM` if this process lacks the permission, for example because one of the two has
  ///   changed its user.
  package func send(signal: Int32, pid: Int32) throws(SystemError) {
    guard attempt(.signalProcess, { procpool_pidfd_send_signal(descriptor.number, signal) }) != 0 else {
      return
    }
    guard errno != ESRCH, isRunning else { return }
    guard Glibc.kill(pid, signal) != 0, errno != ESRCH else { return }
    throw SystemError(call: "kill", code: errno)
  }

  /// Reaps a child that has ended, which removes it from the process table.
  ///
  /// If the child was already reaped (by Foundation, by the program, or by the kernel because
  /// `SIGCHLD` is ignored), its status is requested from the kernel, which supports that from
  /// version 6.15 on.
  ///
  /// - Returns: `nil` while the child runs; otherwise its end, `.unknown` if it cannot be
  ///   determined, and its peak resident memory in bytes, if the system reports it.
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

/// A descriptor of a thread of this process, which is readable when the thread has ended.
package enum ThreadDescriptor {
  /// The number of a descriptor of the calling thread, which the caller owns; `nil` if the kernel
  /// does not support it (before 6.9).
  package static func ofCaller() -> Int32? {
    let number = procpool_pidfd_open_thread()
    return number < 0 ? nil : number
  }
}

/// The state of a process.
package enum ProcessState: Sendable {
  /// A signal or a debugger has stopped the process.
  case stopped
  /// The main thread has ended; the process exists until all threads have ended.
  case ended
  case other

  /// The end of a process whose status the kernel keeps for a process that traces it.
  ///
  /// - Returns: `nil` if the process has not ended; `.unknown` if the kernel does not report how.
  package static func endOfTraced(_ pid: Int32) -> ProcessEnd? {
    guard let fields = fields(of: pid), fields.first == "Z" else { return nil }
    // The last field, in the form of `wait`; also 0 if this process may not see it.
    guard let status = fields.last.flatMap({ Int32($0) }), status != 0 else { return .unknown }
    return ProcessEnd(waitStatus: status)
  }

  /// Reaps the threads of a killed child that this process traces: the child ends only when its
  /// tracer has done so. A thread makes its parent the tracer by `PTRACE_TRACEME`.
  package static func releaseThreads(ofTraced pid: Int32) {
    // Except for the main thread, whose status is that of the process.
    for thread in NumberFolder.entries("/proc/\(pid)/task") where thread != pid {
      waitpid(thread, nil, Int32(bitPattern: UInt32(__WALL)) | WNOHANG)
    }
  }

  /// A description of the state of a process that should have ended: "state D (disk sleep), traced
  /// by process 4711".
  package static func describe(_ pid: Int32) -> String {
    let lines = (TextFile.read("/proc/\(pid)/status") ?? "").lines()
    func value(_ name: String) -> Substring? {
      lines.first { $0.hasPrefix(name + ":") }?.dropFirst(name.count + 1).drop { $0 == "\t" || $0 == " " }
    }
    guard let state = value("State") else { return "an unreadable state" }
    let tracer = value("TracerPid").flatMap { Int32($0) } ?? 0
    return "state \(state)" + (tracer == 0 ? "" : ", traced by process \(tracer)")
  }

  /// Whether a process has begun to end, for whatever reason: its main thread is past the point
  /// from which the kernel takes its memory and its files away, in this order. Once something of it
  /// is missing for that reason, this is true.
  ///
  /// - Returns: `nil` if the process does not exist, or this process may not see it.
  package static func isExiting(_ pid: Int32) -> Bool? {
    // The flags are the 9th field, and the state, with which these begin, is the 3rd.
    guard let fields = fields(of: pid), fields.count > 6, let flags = UInt32(fields[6]) else { return nil }
    return flags & exitingFlag != 0
  }

  /// `PF_EXITING` of the kernel's `include/linux/sched.h`, which no header for programs has.
  private static let exitingFlag: UInt32 = 0x4

  /// The state of a process; `nil` if it does not exist.
  package static func of(_ pid: Int32) -> ProcessState? {
    switch fields(of: pid)?.first {
    case nil: return nil
    case "T", "t": return .stopped
    case "Z", "X": return .ended
    default: return .other
    }
  }

  /// The fields of a process's `/proc/PID/stat`, from its state on; `nil` if it cannot be read.
  private static func fields(of pid: Int32) -> [Substring]? {
    // "PID (name) S …", where the name may contain any bytes, including parentheses, and marks that
    // would make one character with the last of them.
    guard let bytes = TextFile.read("/proc/\(pid)/stat")?.utf8,
      let end = bytes.lastIndex(of: UInt8(ascii: ")"))
    else { return nil }
    return bytes[end...].dropFirst(2).split { $0 <= UInt8(ascii: " ") }.map { Substring($0) }
  }
}

import Glibc
import ProcPool
import ProcPoolProtocol
import ProcPoolSystem

/// Workers that were sent SIGKILL and have not ended. A pool abandons such a worker after some
/// seconds. The process remains until the device or tracer that blocks it releases it.
enum UndeadWorkers {
  /// The workers by process, with their state.
  static func find() -> [Int32: String] {
    var found: [Int32: String] = [:]
    for case let pid? in Remains.entries("/proc").map({ Int32($0) }) {
      guard let status = TextFile.read("/proc/\(pid)/status"), isUndead(status) else { continue }
      found[pid] = ProcessState.describe(pid)
    }
    return found
  }

  /// Whether the text of a process's `/proc/PID/status` is that of a worker with a pending SIGKILL.
  static func isUndead(_ status: String) -> Bool {
    let lines = status.lines()
    func value(_ name: String) -> Substring {
      lines.first { $0.hasPrefix(name + ":") }?.dropFirst(name.count + 1).drop { $0 == "\t" || $0 == " " }
        ?? ""
    }
    guard value("Name") == WorkerMark.processName else { return false }
    // Sets of signals in hexadecimal; the lowest bit is signal 1.
    return ["SigPnd", "ShdPnd"].contains {
      (UInt64(value($0), radix: 16) ?? 0) & 1 << UInt64(SIGKILL - 1) != 0
    }
  }
}

import Glibc
import ProcPool
import ProcPoolProtocol
import ProcPoolSystem

/// Workers that were sent SIGKILL and are still there: a pool gives them up after some seconds, and they stay on the
/// machine until whatever keeps them lets go.
enum UndeadWorkers {
  /// By process, with what the kernel says of each.
  static func find() -> [Int32: String] {
    var found: [Int32: String] = [:]
    for case let pid? in Remains.entries("/proc").map({ Int32($0) }) {
      guard let status = TextFile.read("/proc/\(pid)/status"), isUndead(status) else { continue }
      found[pid] = ProcessState.describe(pid)
    }
    return found
  }

  /// Whether the text of a process's `/proc/PID/status` is a worker's for which SIGKILL waits.
  static func isUndead(_ status: String) -> Bool {
    let lines = status.lines()
    func value(_ name: String) -> Substring {
      lines.first { $0.hasPrefix(name + ":") }?.dropFirst(name.count + 1).drop { $0 == "\t" || $0 == " " }
        ?? ""
    }
    guard value("Name") == WorkerMark.processName else { return false }
    // Sets of signals in hexadecimal, the lowest bit for signal 1.
    return ["SigPnd", "ShdPnd"].contains {
      (UInt64(value($0), radix: 16) ?? 0) & 1 << UInt64(SIGKILL - 1) != 0
    }
  }
}

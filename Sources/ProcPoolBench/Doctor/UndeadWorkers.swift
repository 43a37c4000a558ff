import Glibc
import ProcPool
import ProcPoolProtocol
import ProcPoolSystem

/// Workers that were sent SIGKILL and have not ended. A pool abandons such a worker after some
/// seconds. The process remains until the device or tracer that blocks it releases it.
enum UndeadWorkers {
  /// The workers by process, with their state.
  ///
  /// If there is one that might be undead, it has a moment to end, as most do.
  static func find(patience: Duration = .seconds(2)) async -> [Int32: String] {
    var suspects = Remains.entries("/proc").compactMap { Int32($0) }.filter(isUndead)
    let end = ContinuousClock.now + patience
    while !suspects.isEmpty, ContinuousClock.now < end {
      // Returns early only if the Swift task is cancelled, which then looks less long.
      guard (try? await Task.sleep(for: .milliseconds(50))) != nil else { break }
      suspects = suspects.filter(isUndead)
    }
    return Dictionary(uniqueKeysWithValues: suspects.map { ($0, ProcessState.describe($0)) })
  }

  private static func isUndead(_ pid: Int32) -> Bool {
    TextFile.read("/proc/\(pid)/status").map(isUndead) ?? false
  }

  /// Whether the text of a process's `/proc/PID/status` is that of a worker with a pending SIGKILL
  /// which has not ended.
  static func isUndead(_ status: String) -> Bool {
    let lines = status.lines()
    func value(_ name: String) -> Substring {
      lines.first { $0.hasPrefix(name + ":") }?.dropFirst(name.count + 1).drop { $0 == "\t" || $0 == " " }
        ?? ""
    }
    // A zombie has ended, and waits only for its parent.
    guard value("Name") == WorkerMark.processName, value("State").first != "Z" else { return false }
    // Sets of signals in hexadecimal; the lowest bit is signal 1.
    return ["SigPnd", "ShdPnd"].contains {
      (UInt64(value($0), radix: 16) ?? 0) & 1 << UInt64(SIGKILL - 1) != 0
    }
  }
}

import Foundation
import ProcPoolSystem

/// The resident memory of processes, in bytes.
enum ResidentMemory {
  /// The resident memory of this process.
  static var own: Double? { value(of: "VmRSS", in: "/proc/self/status") }

  /// Returns the proportional set size of a process: shared pages are divided among the processes
  /// that map them.
  static func share(of process: Int32) -> Double? { value(of: "Pss", in: "/proc/\(process)/smaps_rollup") }

  private static func value(of key: String, in path: String) -> Double? {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
    let line = text.lines().first { $0.hasPrefix("\(key):") }
    return line?.split(separator: " ").dropFirst().first.flatMap { Double($0) }.map { $0 * 1_024 }
  }
}

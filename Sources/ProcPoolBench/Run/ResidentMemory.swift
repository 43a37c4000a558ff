import Foundation
import ProcPoolSystem

/// What processes have in memory, in bytes.
enum ResidentMemory {
  /// What this process has.
  static var own: Double? { value(of: "VmRSS", in: "/proc/self/status") }

  /// What a process has, pages that others have too divided among them (proportional set size).
  static func share(of process: Int32) -> Double? { value(of: "Pss", in: "/proc/\(process)/smaps_rollup") }

  private static func value(of key: String, in path: String) -> Double? {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
    let line = text.lines().first { $0.hasPrefix("\(key):") }
    return line?.split(separator: " ").dropFirst().first.flatMap { Double($0) }.map { $0 * 1_024 }
  }
}

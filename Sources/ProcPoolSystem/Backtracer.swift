import Glibc

/// The program that Swift's runtime starts in a process that crashes, to report the crash.
///
/// It belongs to the process, which holds its threads up until the report is written. A second signal, or the
/// death of the process meanwhile, can make both wait for ever: in Swift 6.3 each holds both ends of the
/// socket through which the report's author reads the memory of the process, so that neither sees the other's
/// end.
public struct Backtracer: Hashable, Sendable {
  public let pid: Int32
  /// Its process group: that of the process that crashes, unless that has changed it.
  public let group: Int32

  /// All there are.
  ///
  /// - Complexity: some ten microseconds for each process on the machine.
  public static func all() -> [Backtracer] {
    NumberFolder.entries("/proc").compactMap { pid in
      // The number, the name in parentheses, the state, the parent, the group.
      guard let text = TextFile.read("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")"),
        text[..<end].hasSuffix(name)
      else { return nil }
      let fields = text[end...].split(separator: " ")
      guard fields.count > 3, let group = Int32(fields[3]) else { return nil }
      return Backtracer(pid: pid, group: group)
    }
  }

  /// Kills those that a process has left behind which led its group and has ended.
  ///
  /// - Complexity: one system call where the group has ended with its leader.
  public static func killThoseLeft(by leader: Int32) {
    guard kill(-leader, 0) == 0 else { return }
    for backtracer in all() where backtracer.group == leader { kill(backtracer.pid, SIGKILL) }
  }

  /// `swift-backtrace`, as the system cuts names: to fifteen bytes, which it has.
  private static let name = "(swift-backtrace"
}

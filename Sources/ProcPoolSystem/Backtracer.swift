import Glibc

/// The program that Swift's runtime starts in a process that crashes, to report the crash.
///
/// The process holds its threads up until the report is written. A second signal, or the death of the process
/// meanwhile, can make both wait for ever: in Swift 6.3 each holds both ends of the socket through which the
/// report's author reads the memory of the process, so that neither sees that the other has gone.
public struct Backtracer: Hashable, Sendable {
  public let pid: Int32
  /// The process that crashes; another if that has ended.
  public let parent: Int32
  /// Its process group: that of the process that crashes, unless that has changed it.
  public let group: Int32

  /// All there are.
  ///
  /// - Complexity: some ten microseconds for each process on the machine.
  public static func all() -> [Backtracer] {
    NumberFolder.entries("/proc").compactMap { pid in
      guard let entry = ProcessEntry(pid), entry.name == "swift-backtrace" else { return nil }
      return Backtracer(pid: pid, parent: entry.parent, group: entry.group)
    }
  }

  /// Kills the one that a process has left behind which led its group and has ended.
  ///
  /// - Complexity: one system call where the group has ended with its leader.
  public static func killThatLeft(by leader: Int32) {
    guard kill(-leader, 0) == 0 else { return }
    for backtracer in all() where backtracer.group == leader {
      // Not that of a program which the process has started, and which crashes.
      if ProcessEntry(backtracer.parent)?.group != leader { kill(backtracer.pid, SIGKILL) }
    }
  }
}

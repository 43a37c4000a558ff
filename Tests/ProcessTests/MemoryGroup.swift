import Glibc

/// A control group of a test's own, whose processes share little memory.
struct MemoryGroup {
  private let path: String

  /// Where there are groups for memory, in the first version of control groups or the second.
  private static let place: (folder: String, limit: String)? =
    [
      ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max"),
    ].first { folder, limit in
      let probe = "\(folder)/procpool-probe-\(getpid())"
      guard mkdir(probe, 0o700) == 0 else { return false }
      defer { rmdir(probe) }
      return access("\(probe)/\(limit)", W_OK) == 0
    }

  static var isAllowed: Bool { place != nil }

  init?(limit: Int) {
    guard let place = Self.place else { return nil }
    // Not by the process alone: another container's may have the same number, or one that was killed may have left its group.
    path = "\(place.folder)/procpool-test-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    guard mkdir(path, 0o700) == 0, Self.write("\(limit)", to: "\(path)/\(place.limit)") else { return nil }
    // Where it could be moved to the disk instead, it would be.
    _ = Self.write("0", to: "\(path)/memory.swap.max")
    _ = Self.write("0", to: "\(path)/memory.swappiness")
  }

  /// What runs a program, whose path and arguments follow, in the group.
  var launcher: [String] { ["/bin/sh", "-c", "echo $$ > '\(path)/cgroup.procs' && exec \"$0\" \"$@\""] }

  func add(_ pid: Int32) -> Bool { Self.write("\(pid)", to: "\(path)/cgroup.procs") }

  func remove() {
    // The last process may be on its way out.
    for _ in 0..<100 {
      if rmdir(path) == 0 { return }
      usleep(10_000)
    }
  }

  private static func write(_ text: String, to path: String) -> Bool {
    let file = open(path, O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return false }
    defer { close(file) }
    return text.withCString { Glibc.write(file, $0, strlen($0)) } == text.utf8.count
  }
}

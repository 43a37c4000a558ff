import Glibc

/// How much memory this process could still get.
public enum MemoryAllowance {
  /// Bytes that the machine, and the control group of this process, have left; `nil` where nothing says so.
  ///
  /// What is counted is what the kernel could give without killing anybody: memory that holds nothing but
  /// caches, and swap.
  public static func available() -> Int? {
    available(
      meminfo: TextFile.read("/proc/meminfo"), membership: TextFile.read("/proc/self/cgroup"),
      read: { TextFile.read("/sys/fs/cgroup" + $0) })
  }

  /// The same from the texts of the files.
  ///
  /// - Parameters:
  ///   - meminfo: of `/proc/meminfo`, in KiB.
  ///   - membership: of `/proc/self/cgroup`.
  ///   - read: of a file below `/sys/fs/cgroup`.
  static func available(meminfo: String?, membership: String?, read: (String) -> String?) -> Int? {
    var least: Int?
    if let meminfo, let free = field("MemAvailable:", of: meminfo) {
      least = (free + (field("SwapFree:", of: meminfo) ?? 0)) << 10
    }
    guard let group = membership?.split(separator: "\n").first(where: { $0.hasPrefix("0::/") })?.dropFirst(3)
    else { return least }
    var components = group.split(separator: "/").map(String.init)
    while !components.isEmpty {
      let path = "/" + components.joined(separator: "/")
      if let limit = read(path + "/memory.max").flatMap(number),
        let used = read(path + "/memory.current").flatMap(number)
      {
        // Clean pages of files are given up before anybody is killed.
        let caches = read(path + "/memory.stat").flatMap { field("inactive_file", of: $0) } ?? 0
        least = min(least ?? .max, max(0, limit - used + caches))
      }
      components.removeLast()
    }
    return least
  }

  private static func number(_ text: String) -> Int? {
    text.split(separator: "\n").first.flatMap { Int($0) }
  }

  static func field(_ name: String, of text: String) -> Int? {
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.count > 1, words[0] == name { return Int(words[1]) }
    }
    return nil
  }
}

/// How much memory a process uses.
public enum ProcessMemory {
  /// Bytes that are in memory and its own, not shared with other processes; `nil` if there is no such
  /// process.
  public static func ofItsOwn(_ pid: Int32) -> Int? {
    // Size, resident, shared, …, in pages.
    guard let words = TextFile.read("/proc/\(pid)/statm")?.split(separator: " "), words.count > 2,
      let resident = Int(words[1]), let shared = Int(words[2])
    else { return nil }
    return (resident - shared) * Int(getpagesize())
  }
}

/// How many processes the kernel has killed because there was no memory left.
public enum OutOfMemoryKills {
  /// Of this process's control group, and of the whole machine, since it was started; `nil` where nobody
  /// says.
  public static func count() -> (group: Int?, machine: Int?) {
    let group = TextFile.read("/proc/self/cgroup")?.split(separator: "\n").first { $0.hasPrefix("0::/") }?
      .dropFirst(3)
    let events = group.flatMap { TextFile.read("/sys/fs/cgroup\($0)/memory.events") }
    return (
      events.flatMap { MemoryAllowance.field("oom_kill", of: $0) },
      TextFile.read("/proc/vmstat").flatMap { MemoryAllowance.field("oom_kill", of: $0) }
    )
  }
}

import Glibc

/// How much memory this process could still get.
package enum MemoryAllowance {
  /// Bytes that the machine, and the control group of this process, have left; `nil` where nothing says so.
  ///
  /// What is counted is what the kernel could give without killing anybody: memory that holds nothing but
  /// caches, and swap.
  package static func available() -> Int? {
    available(meminfo: TextFile.read("/proc/meminfo"), groups: MemoryGroups.current(), read: TextFile.read)
  }

  /// The same from the texts of the files.
  ///
  /// - Parameters:
  ///   - meminfo: of `/proc/meminfo`, in KiB.
  ///   - read: of a file of a control group.
  static func available(meminfo: String?, groups: MemoryGroups?, read: (String) -> String?) -> Int? {
    var least: Int?
    if let meminfo, let free = field("MemAvailable:", of: meminfo) {
      let (kibibytes, overflow) = free.addingReportingOverflow(field("SwapFree:", of: meminfo) ?? 0)
      least =
        overflow ? .max : kibibytes.multipliedReportingOverflow(by: 1024).overflow ? .max : kibibytes << 10
    }
    guard let left = groups?.available(read) else { return least }
    return min(least ?? left, left)
  }

  static func field(_ name: String, of text: String) -> Int? {
    for line in text.lines() {
      let words = line.split(separator: " ")
      if words.count > 1, words[0] == name { return Int(words[1]) }
    }
    return nil
  }
}

/// How much memory a process uses.
package enum ProcessMemory {
  /// Bytes that are in memory and its own, not shared with other processes; `nil` if there is no such
  /// process.
  package static func ofItsOwn(_ pid: Int32) -> Int? {
    // Size, resident, shared, …, in pages.
    guard let words = TextFile.read("/proc/\(pid)/statm")?.split(separator: " "), words.count > 2,
      let resident = Int(words[1]), let shared = Int(words[2])
    else { return nil }
    return (resident - shared) * Int(getpagesize())
  }
}

/// How many processes the kernel has killed because there was no memory left.
package enum OutOfMemoryKills {
  /// Of this process's control group and those below it, by group, and of the whole machine, since it was started;
  /// nothing where nobody says.
  package static func count() -> (groups: [String: Int], machine: Int?) {
    // In this order, which is the kernel's: what counts for the machine must not be missing among the groups.
    let machine = TextFile.read("/proc/vmstat").flatMap { MemoryAllowance.field("oom_kill", of: $0) }
    return (MemoryGroups.current()?.kills(TextFile.read, list: Folder.folders(in:)) ?? [:], machine)
  }
}

import CProcPoolShims
import Glibc

/// The memory that this process can still allocate.
package enum MemoryAllowance {
  /// The number of bytes that the machine and the control group of this process have left; `nil` if
  /// it is unknown.
  ///
  /// It includes the memory that the kernel can provide without killing a process: free memory,
  /// caches, and swap.
  package static func available() -> Int? {
    available(meminfo: TextFile.read("/proc/meminfo"), groups: MemoryGroups.current(), read: TextFile.read)
  }

  /// The same number, from the texts of the files.
  ///
  /// - Parameters:
  ///   - meminfo: the text of `/proc/meminfo`, in KiB.
  ///   - read: returns the text of a file of a control group.
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

  /// The number after a name at the beginning of a line; `nil` if there is none.
  ///
  /// Compares bytes: every pool reads the two hundred lines of `/proc/vmstat` when it starts, and
  /// characters take seven times as long.
  static func field(_ name: String, of text: String) -> Int? {
    let space = UInt8(ascii: " ")
    for line in text.utf8.split(separator: UInt8(ascii: "\n")) where line.starts(with: name.utf8) {
      let rest = line.dropFirst(name.utf8.count)
      // Otherwise the name is only the beginning of another.
      guard rest.first == space else { continue }
      return Int(Substring(rest.drop { $0 == space }.prefix { $0 > space }))
    }
    return nil
  }
}

/// The memory usage of a process.
package enum ProcessMemory {
  /// The resident private memory of a process in bytes; `nil` if the process does not exist.
  package static func privateBytes(of pid: Int32) -> Int? {
    // Size, resident, shared, …, in pages.
    guard let words = TextFile.read("/proc/\(pid)/statm")?.split(separator: " "), words.count > 2,
      let resident = Int(words[1]), let shared = Int(words[2])
    else { return nil }
    return (resident - shared) * Int(getpagesize())
  }
}

/// The memory that this process has of its own at one moment.
package struct MemoryReading: Sendable {
  private let resident: Int?
  private let allocated: Int

  /// - Complexity: O(free pieces of memory), some microseconds at least.
  package init() {
    resident = ProcessMemory.privateBytes(of: getpid())
    allocated = Int(clamping: procpool_allocated_bytes())
  }

  /// By how many bytes the memory has grown since another reading, at least 0. An allocation may reuse memory that was
  /// freed before, and then shows in what the allocator has handed out only; other memory shows in the process only.
  package func growth(since earlier: MemoryReading) -> Int {
    let resident = if let now = resident, let before = earlier.resident { now - before } else { 0 }
    return max(0, resident, allocated - earlier.allocated)
  }
}

/// The number of processes that the kernel has killed because memory had run out.
package enum OutOfMemoryKills {
  /// The number for the control group of this process and its descendants, by group, and for the
  /// whole machine since its start; empty and `nil` if unknown.
  package static func count() -> (groups: [String: Int], machine: Int?) {
    // In the order in which the kernel counts: a kill that is counted for the machine must be
    // counted for its group.
    let machine = TextFile.read("/proc/vmstat").flatMap { MemoryAllowance.field("oom_kill", of: $0) }
    return (MemoryGroups.current()?.kills(TextFile.read, list: Folder.folders(in:)) ?? [:], machine)
  }
}

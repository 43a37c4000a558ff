import Foundation

/// The resources that a pool must release: child processes, descriptors and names in /dev/shm.
enum Remains {
  /// Returns descriptions of all such resources that exist now.
  static func now() -> Set<String> {
    Set(children() + descriptors() + entries("/dev/shm").map { "/dev/shm/\($0)" })
  }

  /// Returns the resources that did not exist before and are not released within a few seconds.
  /// Foundation closes a socket of its own shortly after a child has ended.
  static func since(_ before: Set<String>) async -> Set<String> {
    var left = now().subtracting(before)
    for _ in 0..<1000 where !left.isEmpty {
      try? await Task.sleep(for: .milliseconds(5))
      left.formIntersection(now())
    }
    return left
  }

  static func entries(_ path: String) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
  }

  static func children() -> [String] {
    entries("/proc").compactMap { entry in
      guard let pid = Int32(entry),
        let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
        let end = status.lastIndex(of: ")")
      else { return nil }
      let fields = status[end...].split(separator: " ")
      return fields.count > 2 && fields[2] == "\(getpid())" ? "child \(pid)" : nil
    }
  }

  static func descriptors() -> [String] {
    entries("/proc/self/fd").compactMap { number in
      guard
        let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(number)"),
        // Dispatch opens a timer for each clock on first use, and keeps it.
        target != "anon_inode:[timerfd]"
      else { return nil }
      return "descriptor \(number): \(target)"
    }
  }
}

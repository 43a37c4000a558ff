import Foundation

/// What a pool must not leave behind: children, descriptors, names in /dev/shm.
enum Remains {
  /// Everything of the kind that is there now, in words.
  static func now() -> Set<String> {
    Set(children() + descriptors() + entries("/dev/shm").map { "/dev/shm/\($0)" })
  }

  /// What is there that was not there before, and does not go within some seconds: Foundation closes a socket
  /// of its own an instant after a child has ended.
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
        // The dispatch library opens one for each clock when a sleep first needs it, and keeps it.
        target != "anon_inode:[timerfd]"
      else { return nil }
      return "descriptor \(number): \(target)"
    }
  }
}

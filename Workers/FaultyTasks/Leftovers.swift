import Glibc

/// What a pool must not leave behind in its process and its machine.
package struct Leftovers: Equatable, Sendable, CustomStringConvertible {
  package var children: [Int32: String]
  package var descriptors: [Int32: String]
  /// Files in /dev/shm, without those of other parts of the tests.
  package var segments: Set<String>
  /// Parts of this process's memory that are shared with workers, or were.
  package var mappings: Set<String>
  /// The pool's own threads, by number.
  package var threads: [Int32: String]

  /// Everything of the kind that is there now.
  package static func now() -> Leftovers {
    let maps = Inspection.contents("/proc/self/maps") ?? ""
    return Leftovers(
      // No part of a pool uses timer descriptors; the dispatch library opens one for each clock when a sleep
      // first needs it, and keeps it.
      children: Inspection.children(),
      descriptors: Inspection.descriptors().filter { $0.value != "anon_inode:[timerfd]" },
      segments: Set(Inspection.sharedFiles()),
      mappings: Set(maps.split(separator: "\n").filter { $0.contains("/memfd:procpool") }.map(String.init)),
      threads: Inspection.threads().filter { $0.value.hasPrefix("procpool-") })
  }

  package var isEmpty: Bool {
    children.isEmpty && descriptors.isEmpty && segments.isEmpty && mappings.isEmpty && threads.isEmpty
  }

  package func subtracting(_ other: Leftovers) -> Leftovers {
    Leftovers(
      children: children.filter { other.children[$0.key] == nil },
      descriptors: descriptors.filter { other.descriptors[$0.key] != $0.value },
      segments: segments.subtracting(other.segments), mappings: mappings.subtracting(other.mappings),
      threads: threads.filter { other.threads[$0.key] == nil })
  }

  package func intersection(_ other: Leftovers) -> Leftovers {
    Leftovers(
      children: children.filter { other.children[$0.key] != nil },
      descriptors: descriptors.filter { other.descriptors[$0.key] == $0.value },
      segments: segments.intersection(other.segments), mappings: mappings.intersection(other.mappings),
      threads: threads.filter { other.threads[$0.key] != nil })
  }

  /// What has come since `before` and does not go within `patience`.
  ///
  /// Only what is there at every look counts, so that what other tests have open for a moment is not taken
  /// for left.
  ///
  /// - Parameter forgive: takes out what may stay.
  package static func since(
    _ before: Leftovers, patience: Duration, forgive: (inout Leftovers) -> Void = { _ in }
  ) async -> Leftovers {
    let end = ContinuousClock.now + patience
    var left = now().subtracting(before)
    forgive(&left)
    while !left.isEmpty, ContinuousClock.now < end {
      try? await Task.sleep(for: .milliseconds(5))
      left = left.intersection(now())
    }
    return left
  }

  package var description: String {
    var lines: [String] = []
    for (pid, name) in children.sorted(by: { $0.key < $1.key }) { lines.append("child \(pid): \(name)") }
    for (number, target) in descriptors.sorted(by: { $0.key < $1.key }) {
      lines.append("descriptor \(number): \(target)")
    }
    for name in segments.sorted() { lines.append("/dev/shm/\(name)") }
    for line in mappings.sorted() { lines.append("mapping \(line)") }
    for (number, name) in threads.sorted(by: { $0.key < $1.key }) {
      lines.append("thread \(number): \(name)")
    }
    return lines.isEmpty ? "nothing" : lines.joined(separator: "\n")
  }
}

import Glibc

/// The control groups of both versions that limit the memory of a process, from the texts of the
/// kernel's files.
///
/// Both versions may be mounted at the same time. Then only one of them controls memory, and the
/// files of the other do not exist.
struct MemoryGroups {
  enum Version { case one, two }

  /// The groups of one mount, from that of the process up to the root of the mount.
  struct Chain {
    var version: Version
    /// The paths of their directories.
    var folders: [String]
  }

  private(set) var chains: [Chain] = []

  /// - Parameters:
  ///   - membership: the text of `/proc/self/cgroup`.
  ///   - mounts: the mounted hierarchies.
  init(membership: String, mounts: [Mount]) {
    for line in membership.lines() {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let version: Version
      if fields[0] == "0", fields[1].isEmpty {
        version = .two
      } else if fields[1].split(separator: ",").contains("memory") {
        version = .one
      } else {
        continue
      }
      let fitting = mounts.filter { $0.version == version }
      // In a container the path may be the host's; the root of the mount is then the container's
      // part of it.
      guard let mount = fitting.first(where: { $0.shows(fields[2]) }) ?? fitting.first else { continue }
      chains.append(Chain(version: version, folders: mount.folders(from: fields[2])))
    }
  }

  /// A mounted hierarchy of control groups.
  struct Mount: Equatable {
    let version: Version
    /// The group at the root of the mount.
    let root: String
    let folder: String

    /// The mounts that can control memory.
    ///
    /// - Parameter text: the text of `/proc/self/mountinfo`; without it the usual paths are
    ///   assumed.
    static func all(_ text: String?) -> [Mount] {
      guard let text else {
        return [
          Mount(version: .two, root: "/", folder: "/sys/fs/cgroup"),
          Mount(version: .one, root: "/", folder: "/sys/fs/cgroup/memory"),
        ]
      }
      return text.lines().compactMap { line in
        // 35 31 0:32 /root /folder options optional fields - type source options
        let words = line.split(separator: " ")
        guard let dash = words.firstIndex(of: "-"), dash >= 6, words.count > dash + 3 else { return nil }
        let version: Version
        switch words[dash + 1] {
        case "cgroup2": version = .two
        case "cgroup" where words[dash + 3].split(separator: ",").contains("memory"): version = .one
        default: return nil
        }
        return Mount(version: version, root: unescaped(words[3]), folder: unescaped(words[4]))
      }
    }

    /// Decodes the octal escapes of spaces and similar characters.
    private static func unescaped(_ word: Substring) -> String {
      var bytes: [UInt8] = []
      var rest = Array(word.utf8)[...]
      while let byte = rest.popFirst() {
        let digits = rest.prefix(3)
        if byte == UInt8(ascii: "\\"), digits.count == 3,
          let code = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
        {
          bytes.append(code)
          rest.removeFirst(3)
        } else {
          bytes.append(byte)
        }
      }
      return String(decoding: bytes, as: UTF8.self)
    }

    private func components(_ path: Substring) -> [String] {
      path.split(separator: "/").map(String.init)
    }

    func shows(_ group: Substring) -> Bool {
      let group = components(group)
      return group.starts(with: components(root[...])) && !group.contains("..")
    }

    func folders(from group: Substring) -> [String] {
      var names = shows(group) ? Array(components(group).dropFirst(components(root[...]).count)) : []
      var folders: [String] = []
      let base = folder == "/" ? "" : folder
      while true {
        folders.append(([base] + names).joined(separator: "/"))
        if names.isEmpty { return folders }
        names.removeLast()
      }
    }
  }

  // MARK: - Available memory

  /// The number of bytes that all groups have left; `nil` without a limit.
  ///
  /// Clean file pages count as available, because the kernel reclaims them before it kills a
  /// process.
  func available(_ read: (String) -> String?) -> Int? {
    chains.compactMap { chain in
      switch chain.version {
      case .one: Self.availableOne(chain.folders, read)
      case .two: Self.availableTwo(chain.folders, read)
      }
    }.min()
  }

  private static func availableTwo(_ folders: [String], _ read: (String) -> String?) -> Int? {
    folders.compactMap { folder in
      guard let limit = read(folder + "/memory.max").flatMap(number),
        let used = read(folder + "/memory.current").flatMap(number)
      else { return nil }
      let caches =
        read(folder + "/memory.stat").flatMap { MemoryAllowance.field("inactive_file", of: $0) } ?? 0
      return rest(limit, used, caches)
    }.min()
  }

  private static func availableOne(_ folders: [String], _ read: (String) -> String?) -> Int? {
    var least: Int?
    for (depth, folder) in folders.enumerated() {
      // Without this setting, the usage of a group is not counted in its parent, whose limit does
      // not apply.
      if depth > 0, read(folder + "/memory.use_hierarchy").flatMap(number) == 0 { break }
      // A number that exceeds the memory of any machine means no limit.
      guard let limit = read(folder + "/memory.limit_in_bytes").flatMap(number), limit < noLimit,
        let used = read(folder + "/memory.usage_in_bytes").flatMap(number)
      else { continue }
      let caches =
        read(folder + "/memory.stat").flatMap { MemoryAllowance.field("total_inactive_file", of: $0) } ?? 0
      let left = rest(limit, used, caches)
      least = min(least ?? left, left)
    }
    return least
  }

  /// 4 EiB. Without a limit, version 1 reports the maximum number of bytes in whole pages, about 8
  /// EiB.
  private static let noLimit = 1 << 62

  private static func rest(_ limit: Int, _ used: Int, _ caches: Int) -> Int {
    let (left, overflow) = limit.subtractingReportingOverflow(used)
    return overflow ? 0 : max(0, left.addingReportingOverflow(max(0, caches)).partialValue)
  }

  private static func number(_ text: String) -> Int? {
    text.lines().first.flatMap { Int($0) }
  }

  // MARK: - Kills

  /// The number of processes of each group that the kernel has killed because memory had run out,
  /// by the directory of the group.
  ///
  /// - Parameter list: returns the names of the directories in a directory.
  func kills(_ read: (String) -> String?, list: (String) -> [String]) -> [String: Int] {
    var kills: [String: Int] = [:]
    for chain in chains {
      guard let own = chain.folders.first else { continue }
      switch chain.version {
      case .two:
        // Includes the kills in descendant groups.
        kills[own] = read(own + "/memory.events").flatMap { MemoryAllowance.field("oom_kill", of: $0) }
      case .one:
        // All groups are descendants of the root; the kernel's count for the machine covers them.
        let all = chain.folders.count == 1 ? [own] : Self.groups(in: own, list)
        for folder in all {
          kills[folder] = read(folder + "/memory.oom_control").flatMap {
            MemoryAllowance.field("oom_kill", of: $0)
          }
        }
      }
    }
    return kills
  }

  /// A group and its descendants.
  private static func groups(in folder: String, _ list: (String) -> [String]) -> [String] {
    var found = [folder]
    var next = 0
    while next < found.count, found.count < mostGroups {
      found += list(found[next]).map { "\(found[next])/\($0)" }
      next += 1
    }
    return Array(found.prefix(mostGroups))
  }

  /// The maximum number of groups, because each is a file to read. Programs with groups usually
  /// have one per kind of job.
  private static let mostGroups = 64
}

extension MemoryGroups {
  /// Read once, because each large array needs them, and some systems have hundreds of mounts.
  private static let mounts = Mount.all(TextFile.read("/proc/self/mountinfo"))

  /// The groups of this process, which may have changed since the last call.
  static func current() -> MemoryGroups? {
    TextFile.read("/proc/self/cgroup").map { MemoryGroups(membership: $0, mounts: mounts) }
  }
}

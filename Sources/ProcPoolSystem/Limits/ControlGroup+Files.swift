extension ControlGroup {
  /// Whether the controller belongs to version 1, with a hierarchy of its own in
  /// `/proc/self/cgroup`.
  package static func isLegacy(_ controller: String, membership: String?) -> Bool {
    lines(membership).contains { $0.controllers.contains(controller) }
  }

  /// The number of further processes and threads that the control group and its ancestors allow;
  /// `nil` without a limit.
  ///
  /// - Parameters:
  ///   - membership: the text of `/proc/self/cgroup`.
  ///   - read: the text of a file below `/sys/fs/cgroup`, or `nil` if there is none.
  package static func processesLeft(membership: String?, read: (String) -> String?) -> Int? {
    var least: Int?
    for line in lines(membership) where line.controllers.isEmpty || line.controllers.contains("pids") {
      let mount = line.controllers.isEmpty ? "" : "/" + line.controllers.joined(separator: ",")
      var components = line.group.split(separator: "/")
      while true {
        let folder = ([mount] + components.map(String.init)).joined(separator: "/")
        if let most = read(folder + "/pids.max").flatMap(number),
          let now = read(folder + "/pids.current").flatMap(number)
        {
          least = min(least ?? .max, max(0, most - now))
        }
        if components.isEmpty { break }
        components.removeLast()
      }
    }
    return least
  }

  /// The lines of a membership: the controllers of a hierarchy (none in version 2), and the group.
  private static func lines(_ membership: String?) -> [(controllers: [String], group: Substring)] {
    (membership ?? "").lines().compactMap { line in
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3, fields[0] == "0" || !fields[1].isEmpty else { return nil }
      return (fields[1].split(separator: ",").map(String.init), fields[2])
    }
  }

  private static func number(_ text: String) -> Int? {
    text.split(whereSeparator: \.isWhitespace).first.flatMap { Int($0) }.flatMap { $0 >= 0 ? $0 : nil }
  }
}

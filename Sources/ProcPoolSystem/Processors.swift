import CProcPoolShims
import Glibc

/// How many processors this process may use, and what says so.
public struct ProcessorAllowance: Hashable, Sendable {
  /// Processors that the scheduling affinity of this process allows.
  public var affinity: Int
  /// Processors' worth of time that the control group's `cpu.max` allows, if it sets a limit.
  public var quota: Double?

  public init(affinity: Int, quota: Double?) {
    self.affinity = affinity
    self.quota = quota
  }

  /// The number of workers that keep all of the allowance busy: a quota's fraction is rounded up, so that 1.5
  /// processors are used, not 1.
  public var workers: Int {
    let byQuota = quota.map { Int($0.rounded(.up)) } ?? affinity
    return max(1, min(affinity, byQuota))
  }

  /// What holds for the calling process now.
  public static func current() -> ProcessorAllowance {
    ProcessorAllowance(
      affinity: max(1, Int(procpool_affinity_count())),
      quota: ControlGroup.cpuQuota(
        membership: TextFile.read("/proc/self/cgroup"), read: { TextFile.read("/sys/fs/cgroup" + $0) }))
  }
}

/// The control group's limit on processor time, from the texts of its files.
public enum ControlGroup {
  /// The smallest limit on the way from the process's own group up to the root.
  ///
  /// Version 2 writes `cpu.max` as "quota period" or "max period" (microseconds); version 1 writes
  /// `cpu.cfs_quota_us` (-1 for none) and `cpu.cfs_period_us`.
  ///
  /// - Parameters:
  ///   - membership: the text of `/proc/self/cgroup`.
  ///   - read: the text of a file below `/sys/fs/cgroup`, or `nil` if there is none.
  public static func cpuQuota(membership: String?, read: (String) -> String?) -> Double? {
    guard let membership else { return nil }
    var smallest: Double?
    for line in membership.split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let isUnified = fields[0] == "0" && fields[1].isEmpty
      guard isUnified || fields[1].split(separator: ",").contains("cpu") else { continue }
      var components = fields[2].split(separator: "/").map(String.init)
      while true {
        let group = components.isEmpty ? "" : "/" + components.joined(separator: "/")
        if let quota = isUnified ? unified(group, read) : legacy("/\(fields[1])" + group, read) {
          smallest = min(smallest ?? quota, quota)
        }
        if components.isEmpty { break }
        components.removeLast()
      }
    }
    return smallest
  }

  private static func unified(_ group: String, _ read: (String) -> String?) -> Double? {
    let fields = (read(group + "/cpu.max") ?? "").split(whereSeparator: \.isWhitespace)
    guard fields.count == 2 else { return nil }
    return ratio(fields[0], fields[1])
  }

  private static func legacy(_ group: String, _ read: (String) -> String?) -> Double? {
    guard let quota = read(group + "/cpu.cfs_quota_us"), let period = read(group + "/cpu.cfs_period_us")
    else { return nil }
    return ratio(quota.prefix { !$0.isWhitespace }, period.prefix { !$0.isWhitespace })
  }

  private static func ratio(_ quota: Substring, _ period: Substring) -> Double? {
    guard let quota = Double(quota), let period = Double(period), quota > 0, period > 0 else { return nil }
    return quota / period
  }
}

import CProcPoolShims
import Glibc

/// The number of processors that this process may use, by affinity and quota.
package struct ProcessorAllowance: Hashable, Sendable {
  /// The number of processors in the scheduling affinity of this process.
  package var affinity: Int
  /// The control group's CPU quota, in CPUs; `nil` if it sets none.
  package var quota: Double?
  /// The name of the control group's file that sets the quota: `cpu.max`, or `cpu.cfs_quota_us` in
  /// version 1.
  package var quotaFile: String

  package init(affinity: Int, quota: Double?, quotaFile: String = ControlGroup.quotaFile) {
    self.affinity = affinity
    self.quota = quota
    self.quotaFile = quotaFile
  }

  /// The number of workers that use the whole allowance. A fractional quota is rounded up, so that
  /// 1.5 processors are used rather than 1.
  package var workers: Int {
    let byQuota = quota.map { Int($0.rounded(.up)) } ?? affinity
    return max(1, min(affinity, byQuota))
  }

  /// The current allowance of this process.
  package static func current() -> ProcessorAllowance {
    let limit = ControlGroup.cpuLimit(
      membership: TextFile.read("/proc/self/cgroup"), read: { TextFile.read("/sys/fs/cgroup" + $0) })
    return ProcessorAllowance(
      affinity: max(1, Int(procpool_affinity_count())), quota: limit?.quota,
      quotaFile: limit?.file ?? ControlGroup.quotaFile)
  }
}

/// The control group's limit on processor time, from the texts of its files.
package enum ControlGroup {
  /// The file with the limit on processor time in version 2.
  package static let quotaFile = "cpu.max"
  static let legacyQuotaFile = "cpu.cfs_quota_us"

  /// The smallest quota of the process's own group and its ancestors.
  ///
  /// Version 2 writes `cpu.max` as "quota period" or "max period" (microseconds); version 1 writes
  /// `cpu.cfs_quota_us` (-1 for none) and `cpu.cfs_period_us`.
  ///
  /// - Parameters:
  ///   - membership: the text of `/proc/self/cgroup`.
  ///   - read: the text of a file below `/sys/fs/cgroup`, or `nil` if there is none.
  package static func cpuQuota(membership: String?, read: (String) -> String?) -> Double? {
    cpuLimit(membership: membership, read: read)?.quota
  }

  /// The smallest quota, and the name of the file that sets it.
  package static func cpuLimit(
    membership: String?, read: (String) -> String?
  ) -> (quota: Double, file: String)? {
    guard let membership else { return nil }
    var smallest: (quota: Double, file: String)?
    for line in membership.lines() {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let isUnified = fields[0] == "0" && fields[1].isEmpty
      let controllers = fields[1].split(separator: ",").map(String.init)
      guard isUnified || controllers.contains("cpu") else { continue }
      let file = isUnified ? quotaFile : legacyQuotaFile
      var components = fields[2].split(separator: "/").map(String.init)
      while true {
        let group = components.isEmpty ? "" : "/" + components.joined(separator: "/")
        var quota = isUnified ? unified(group, read) : nil
        if !isUnified {
          for mount in mounts(of: controllers) where quota == nil { quota = legacy(mount + group, read) }
        }
        if let quota, quota < smallest?.quota ?? .infinity { smallest = (quota, file) }
        if components.isEmpty { break }
        components.removeLast()
      }
    }
    return smallest
  }

  /// The possible mount points of the hierarchy of these controllers: as in the membership, in the
  /// usual order of distributions (`cpu,cpuacct`, while some kernels list `cpuacct,cpu`), or by one
  /// of the names.
  private static func mounts(of controllers: [String]) -> [String] {
    let names =
      [controllers, controllers.sorted()].map { $0.joined(separator: ",") } + ["cpu"]
    return names.map { "/" + $0 }
  }

  private static func unified(_ group: String, _ read: (String) -> String?) -> Double? {
    let fields = (read("\(group)/\(quotaFile)") ?? "").split(whereSeparator: \.isWhitespace)
    guard fields.count == 2 else { return nil }
    return ratio(fields[0], fields[1])
  }

  private static func legacy(_ group: String, _ read: (String) -> String?) -> Double? {
    guard let quota = read("\(group)/\(legacyQuotaFile)"), let period = read(group + "/cpu.cfs_period_us")
    else { return nil }
    return ratio(quota.prefix { !$0.isWhitespace }, period.prefix { !$0.isWhitespace })
  }

  private static func ratio(_ quota: Substring, _ period: Substring) -> Double? {
    guard let quota = Double(quota), let period = Double(period), quota > 0, period > 0 else { return nil }
    return quota / period
  }
}

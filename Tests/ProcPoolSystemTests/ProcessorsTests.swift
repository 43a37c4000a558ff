import Testing

@testable import ProcPoolSystem

@Suite struct WorkerCountFollowsTheAllowance {
  private func quota(_ membership: String, _ files: [String: String]) -> Double? {
    ControlGroup.cpuQuota(membership: membership) { files[$0] }
  }

  @Test func theSmallestLimitOnTheWayUpCounts() {
    let files = [
      "/a/b/cpu.max": "max 100000\n", "/a/cpu.max": "400000 100000\n", "/cpu.max": "600000 100000\n",
    ]
    #expect(quota("0::/a/b\n", files) == 4)
  }

  @Test func noLimitIsNoQuota() {
    #expect(quota("0::/\n", ["/cpu.max": "max 100000"]) == nil)
    #expect(quota("0::/\n", [:]) == nil)
    #expect(ControlGroup.cpuQuota(membership: nil) { _ in nil } == nil)
    #expect(quota("nonsense", ["/cpu.max": "1 1"]) == nil)
  }

  @Test func versionOneIsUnderstood() {
    let files = [
      "/cpu,cpuacct/x/cpu.cfs_quota_us": "150000\n", "/cpu,cpuacct/x/cpu.cfs_period_us": "100000\n",
    ]
    #expect(quota("4:cpu,cpuacct:/x\n2:memory:/x\n", files) == 1.5)
    #expect(
      quota("4:cpu:/x\n", ["/cpu/x/cpu.cfs_quota_us": "-1", "/cpu/x/cpu.cfs_period_us": "100000"]) == nil)
  }

  @Test func aFractionIsRoundedUpAndAffinityIsTheCeiling() {
    #expect(ProcessorAllowance(affinity: 12, quota: 1.5).workers == 2)
    #expect(ProcessorAllowance(affinity: 12, quota: 0.1).workers == 1)
    #expect(ProcessorAllowance(affinity: 2, quota: 4).workers == 2)
    #expect(ProcessorAllowance(affinity: 12, quota: nil).workers == 12)
  }

  @Test func thisProcessMayUseAtLeastOneProcessor() {
    #expect(ProcessorAllowance.current().workers >= 1)
  }

  @Test func theFileThatSetsTheLimitIsNamed() {
    func limit(_ membership: String, _ files: [String: String]) -> (quota: Double, file: String)? {
      ControlGroup.cpuLimit(membership: membership) { files[$0] }
    }
    let unified = limit("0::/a\n", ["/a/cpu.max": "50000 100000\n"])
    #expect(unified?.quota == 0.5 && unified?.file == "cpu.max")
    let one = ["cpu.cfs_quota_us": "150000\n", "cpu.cfs_period_us": "100000\n"]
    // Wherever it is mounted: under the name in the membership, with its controllers in another order, or by its own.
    for (controllers, mount) in [
      ("cpu,cpuacct", "/cpu,cpuacct/x/"), ("cpuacct,cpu", "/cpuacct,cpu/x/"),
      ("cpuacct,cpu", "/cpu,cpuacct/x/"),
      ("cpu,cpuacct", "/cpu/x/"), ("cpuacct,cpu", "/cpu/"), ("cpu", "/cpu/"),
    ] {
      let files = Dictionary(uniqueKeysWithValues: one.map { (mount + $0.key, $0.value) })
      let legacy = limit("1:memory:/x\n4:\(controllers):/x\n0::/x\n", files)
      #expect(legacy?.quota == 1.5 && legacy?.file == "cpu.cfs_quota_us", "\(controllers) at \(mount)")
    }
    // Both are there on a machine that has both versions: the one that limits more counts.
    var both = [
      "/x/cpu.max": "200000 100000", "/cpu/x/cpu.cfs_quota_us": "100000",
      "/cpu/x/cpu.cfs_period_us": "100000",
    ]
    #expect(limit("4:cpu:/x\n0::/x\n", both)?.file == "cpu.cfs_quota_us")
    both["/x/cpu.max"] = "50000 100000"
    #expect(limit("4:cpu:/x\n0::/x\n", both)?.file == "cpu.max")
  }

  @Test func theGroupsOfBothVersionsLimitProcesses() {
    func left(_ membership: String, _ files: [String: String]) -> Int? {
      ControlGroup.processesLeft(membership: membership) { files[$0] }
    }
    let unified = [
      "/a/b/pids.max": "max\n", "/a/b/pids.current": "7\n", "/a/pids.max": "20\n", "/a/pids.current": "9\n",
    ]
    #expect(left("0::/a/b\n", unified) == 11)
    let legacy = ["/pids/x/pids.max": "20\n", "/pids/x/pids.current": "25\n"]
    #expect(left("7:pids:/x\n1:name=systemd:/x\n", legacy) == 0)
    #expect(left("7:pids:/y\n", legacy) == nil)
    #expect(left("nonsense", legacy) == nil)
    #expect(ControlGroup.isLegacy("memory", membership: "9:memory:/\n0::/\n"))
    #expect(!ControlGroup.isLegacy("memory", membership: "9:cpu:/\n0::/memory\n"))
    #expect(!ControlGroup.isLegacy("memory", membership: nil))
  }
}

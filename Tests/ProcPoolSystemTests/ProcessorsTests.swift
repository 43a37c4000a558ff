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
}

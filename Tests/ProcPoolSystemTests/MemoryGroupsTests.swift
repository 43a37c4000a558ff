import Testing

@testable import ProcPoolSystem

/// Both versions of control groups limit memory, wherever they are mounted.
@Suite struct MemoryGroupsTests {
  private static let versionOne = """
    31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
    32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:5 - cgroup cgroup rw,cpu,cpuacct
    35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:6 master:2 - cgroup cgroup rw,memory
    41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
    """
  private static let versionTwo = """
    24 1 0:22 / /sys rw - sysfs sysfs rw
    30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate
    """

  private func left(
    _ membership: String, mounts: String?, meminfo: String? = nil, _ files: [String: String]
  ) -> Int? {
    let groups = MemoryGroups(membership: membership, mounts: MemoryGroups.Mount.all(mounts))
    return MemoryAllowance.available(meminfo: meminfo, groups: groups) { files[$0] }
  }

  @Test func versionTwoHasTheLeastOfAllGroupsOnTheWayUp() {
    let files = [
      "/sys/fs/cgroup/a/b/memory.max": "max\n", "/sys/fs/cgroup/a/b/memory.current": "100\n",
      "/sys/fs/cgroup/a/memory.max": "1000\n", "/sys/fs/cgroup/a/memory.current": "700\n",
      "/sys/fs/cgroup/a/memory.stat": "anon 1\ninactive_file 50\nactive_file 7\n",
    ]
    #expect(left("0::/a/b\n", mounts: Self.versionTwo, files) == 350)
    #expect(left("0::/a/b\n", mounts: nil, files) == 350)
    #expect(left("0::/a/b\n", mounts: Self.versionTwo, meminfo: "MemAvailable: 10 kB\n", files) == 350)
    #expect(
      left("0::/\n", mounts: Self.versionTwo, meminfo: "MemAvailable: 10 kB\nSwapFree: 2 kB\n", files) == 12
        << 10)
  }

  @Test func versionOneHasItToo() {
    let files = [
      "/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes": "9223372036854771712\n",
      "/sys/fs/cgroup/memory/a/b/memory.usage_in_bytes": "100\n",
      "/sys/fs/cgroup/memory/a/memory.limit_in_bytes": "314572800\n",
      "/sys/fs/cgroup/memory/a/memory.usage_in_bytes": "14572800\n",
      "/sys/fs/cgroup/memory/a/memory.use_hierarchy": "1\n",
      "/sys/fs/cgroup/memory/a/memory.stat": "inactive_file 1\ntotal_inactive_file 1000\n",
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
      "/sys/fs/cgroup/memory/memory.usage_in_bytes": "999\n",
    ]
    let membership = "5:cpu,cpuacct:/x\n4:memory:/a/b\n0::/elsewhere\n"
    #expect(left(membership, mounts: Self.versionOne, files) == 300_001_000)
    #expect(left(membership, mounts: nil, files) == 300_001_000)
  }

  @Test func aGroupWithoutLimitSaysNothing() {
    let files = [
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
      "/sys/fs/cgroup/memory/memory.usage_in_bytes": "999\n",
    ]
    #expect(left("4:memory:/\n", mounts: Self.versionOne, files) == nil)
    #expect(left("4:memory:/\n", mounts: Self.versionOne, meminfo: "MemAvailable: 3 kB\n", files) == 3 << 10)
  }

  @Test func withoutHierarchyTheLimitOfTheGroupAboveDoesNotHold() {
    let files = [
      "/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes": "1000\n",
      "/sys/fs/cgroup/memory/a/b/memory.usage_in_bytes": "100\n",
      "/sys/fs/cgroup/memory/a/memory.limit_in_bytes": "10\n",
      "/sys/fs/cgroup/memory/a/memory.usage_in_bytes": "10\n",
      "/sys/fs/cgroup/memory/a/memory.use_hierarchy": "0\n",
    ]
    #expect(left("4:memory:/a/b\n", mounts: Self.versionOne, files) == 900)
  }

  /// The path in `/proc/self/cgroup` is the host's; what is mounted begins with the container's own group.
  @Test func inAContainerTheRootOfTheMountIsItsGroup() {
    let mounts = "9 8 0:3 /docker/4711 /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory"
    let files = [
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": "1000\n",
      "/sys/fs/cgroup/memory/memory.usage_in_bytes": "400\n",
      "/sys/fs/cgroup/memory/inner/memory.limit_in_bytes": "500\n",
      "/sys/fs/cgroup/memory/inner/memory.usage_in_bytes": "100\n",
    ]
    #expect(left("4:memory:/docker/4711\n", mounts: mounts, files) == 600)
    #expect(left("4:memory:/docker/4711/inner\n", mounts: mounts, files) == 400)
    // Where the two do not fit together, the root is as near as one gets.
    #expect(left("4:memory:/../other\n", mounts: mounts, files) == 600)
    #expect(left("4:memory:/docker/47112\n", mounts: mounts, files) == 600)
  }

  @Test func itMayBeMountedAnywhere() {
    let files = [
      "/dev/my groups/a/memory.limit_in_bytes": "1000\n", "/dev/my groups/a/memory.usage_in_bytes": "1\n",
    ]
    let mounts = "9 8 0:3 / /dev/my\\040groups rw - cgroup none rw,memory,cpu"
    #expect(left("2:cpu,memory:/a\n", mounts: mounts, files) == 999)
  }

  @Test func whatMakesNoSenseIsNothing() {
    for text in [
      "", "-", "1 2 3 4 5 6 - cgroup", "a b c d e f - cgroup2 x", "\\", "4:memory", "::", "4:memory:",
    ] {
      _ = left(text, mounts: text, [:])
      _ = left("0::/a\n4:memory:/a", mounts: text, [:])
    }
    let files = [
      "/sys/fs/cgroup/a/memory.max": "9223372036854775807\n", "/sys/fs/cgroup/a/memory.current": "-5\n",
      "/sys/fs/cgroup/memory/a/memory.limit_in_bytes": "5\n",
      "/sys/fs/cgroup/memory/a/memory.usage_in_bytes": "7\n",
    ]
    #expect(left("0::/a\n", mounts: nil, files) == 0)
    #expect(left("4:memory:/a\n", mounts: nil, files) == 0)
  }

  @Test func killsAreCountedInBothVersionsAndBelow() {
    let files = [
      "/sys/fs/cgroup/a/memory.events": "low 0\noom 3\noom_kill 2\n",
      "/sys/fs/cgroup/memory/a/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 4\n",
      "/sys/fs/cgroup/memory/a/b/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n",
      "/sys/fs/cgroup/memory/a/b/c/memory.oom_control": "under_oom 0\n",
    ]
    let folders = ["/sys/fs/cgroup/memory/a": ["b"], "/sys/fs/cgroup/memory/a/b": ["c"]]
    func kills(_ membership: String) -> [String: Int] {
      MemoryGroups(membership: membership, mounts: MemoryGroups.Mount.all(nil)).kills(
        { files[$0] }, list: { folders[$0] ?? [] })
    }
    #expect(kills("0::/a\n") == ["/sys/fs/cgroup/a": 2])
    #expect(kills("4:memory:/a\n") == ["/sys/fs/cgroup/memory/a": 4, "/sys/fs/cgroup/memory/a/b": 1])
    #expect(kills("0::/\n4:memory:/\n") == [:])
  }
}

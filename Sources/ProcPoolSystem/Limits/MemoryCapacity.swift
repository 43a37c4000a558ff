import Glibc

/// How much memory this process could ever have.
package enum MemoryCapacity {
  /// Bytes of address space: what Linux gives a process on x86-64 and on ARM with 48-bit addresses.
  static let addressSpace = 1 << 47

  /// Bytes of memory and swap that the machine has, or fewer if the process is limited to fewer (`RLIMIT_AS`,
  /// `RLIMIT_DATA`). More than this fits nowhere, whatever else runs.
  package static func total() -> Int {
    total(meminfo: TextFile.read("/proc/meminfo"), limits: [limit(RLIMIT_AS), limit(RLIMIT_DATA)])
  }

  static func total(meminfo: String?, limits: [Int]) -> Int {
    var least = addressSpace
    if let meminfo, let memory = MemoryAllowance.field("MemTotal:", of: meminfo) {
      let swap = MemoryAllowance.field("SwapTotal:", of: meminfo) ?? 0
      least = min(least, (memory + swap) << 10)
    }
    return limits.reduce(least, min)
  }

  private static func limit(_ resource: __rlimit_resource) -> Int {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0 else { return .max }
    return Int(clamping: limit.rlim_cur)
  }
}

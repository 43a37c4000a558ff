import Glibc

/// The maximum memory that this process could ever have.
package enum MemoryCapacity {
  /// The size of the address space in bytes, on x86-64 and on ARM with 48-bit addresses.
  static let addressSpace = 1 << 47

  /// The memory and swap of the machine in bytes, or the limit of the process if it is lower
  /// (`RLIMIT_AS`, `RLIMIT_DATA`). Larger allocations always fail.
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

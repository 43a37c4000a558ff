import Glibc

/// The visibility of another process in `/proc`.
package enum ProcessSight {
  /// Whether another process exists but is not visible in `/proc`, or `/proc` is not mounted: then
  /// files that are not found there may exist.
  package static func isHidden(_ process: Int32) -> Bool {
    // Not by `attempt`, because the failure of these calls is a regular result.
    if access("/proc/\(process)/fd", F_OK) == 0 { return false }
    return kill(process, 0) == 0 || errno == EPERM
  }
}

import Glibc

/// What this process can see of another.
package enum ProcessSight {
  /// Whether another process is there and `/proc` does not show it, or is not there itself: then what is not found below
  /// it may exist.
  package static func isHidden(_ process: Int32) -> Bool {
    // Not by `attempt`: that these fail is the answer.
    if access("/proc/\(process)/fd", F_OK) == 0 { return false }
    return kill(process, 0) == 0 || errno == EPERM
  }
}

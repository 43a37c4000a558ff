import ProcPoolSystem

/// A failure to allocate, send or map shared memory.
public enum SharedMemoryError: Error, Hashable, Sendable, CustomStringConvertible {
  /// There is not enough memory for the requested number of bytes. `available` is the number of
  /// available bytes, `nil` if the system does not report it; `place` is the machine, the control
  /// group or the file system that was checked.
  case insufficient(asked: Int, available: Int?, place: String)
  /// The process has reached its limit on open files: each large value, and each slab of small
  /// ones, needs one.
  case outOfDescriptors
  /// Shared memory is a file, and it would exceed the file-size limit of this process
  /// (`RLIMIT_FSIZE`). Both numbers are in bytes.
  case fileSizeLimit(asked: Int, limit: Int)
  /// The memory no longer exists: the value was released, or the process that created it ended,
  /// before this process mapped it.
  case gone(String)
  /// The memory does not match its handle, which was forged or comes from another version.
  case mismatched(String)
  /// The system denies access to the memory.
  case denied(String)
  /// A named array cannot be created, opened or removed, for the given reason.
  case unusableName(String, reason: String)
  /// A shared value was encoded or decoded outside a pool.
  case outsidePool
  /// A system call failed, as the text describes.
  case system(String)

  /// A message for people: what failed, and what to do.
  public var description: String {
    switch self {
    case .insufficient(let asked, let available, let place):
      "\(asked) bytes of shared memory were requested, and \(place) has \(available.map(String.init) ?? "fewer") "
        + "left; share less at a time, release arrays that are no longer needed, or allow more"
    case .outOfDescriptors:
      "no more files can be opened for shared memory; raise the limit with `ulimit -n`, or release arrays that are "
        + "no longer needed"
    case .fileSizeLimit(let asked, let limit):
      "cannot create \(asked) bytes of shared memory: the file-size limit of this process is \(limit) bytes; raise it "
        + "with `ulimit -f`, or share less at a time"
    case .gone(let what):
      "the shared memory is gone: \(what.visible()); keep the array until its items have ended"
    case .mismatched(let what): "a handle does not match the memory that it names: \(what.visible())"
    case .denied(let what): "access to shared memory is denied: \(what.visible())"
    case .unusableName(let name, let reason):
      "the shared memory '\(name.visible())' cannot be used: \(reason.visible())"
    case .outsidePool:
      "shared memory can be encoded only in tasks, inputs and outputs of a pool, as a handle; elsewhere copy the elements"
    case .system(let what): "shared memory: \(what.visible())"
    }
  }
}

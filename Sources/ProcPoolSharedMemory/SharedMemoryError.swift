import ProcPoolSystem

/// Why memory could not be shared.
public enum SharedMemoryError: Error, Hashable, Sendable, CustomStringConvertible {
  /// There is not as much memory as was asked for, in bytes; `available` where the system says how much there
  /// is, and `place` where it was looked for.
  case insufficient(asked: Int, available: Int?, place: String)
  /// The process may not open as many files: a slab or a large array takes one.
  case outOfDescriptors
  /// Shared memory is a file, and it would exceed the file-size limit of this process (`RLIMIT_FSIZE`). Both numbers
  /// are in bytes.
  case fileSizeLimit(asked: Int, limit: Int)
  /// The memory is gone: its array was dropped, or the process that had made it ended, before it was mapped
  /// here.
  case gone(String)
  /// What was to be mapped is not what its handle says: it was forged, or comes from another version.
  case mismatched(String)
  /// The system refuses access.
  case denied(String)
  /// Something named cannot be made or opened.
  case unusableName(String, reason: String)
  /// A shared value was encoded or decoded by something other than a pool.
  case outsidePool
  /// A call to the system failed, in words.
  case system(String)

  public var description: String {
    switch self {
    case .insufficient(let asked, let available, let place):
      "\(asked) bytes of shared memory were asked for, and \(place) has \(available.map(String.init) ?? "fewer") "
        + "left; share less at a time, drop arrays that are done with, or allow more"
    case .outOfDescriptors:
      "no more files can be opened for shared memory; raise the limit with `ulimit -n`, or drop arrays that are "
        + "done with"
    case .fileSizeLimit(let asked, let limit):
      "cannot create \(asked) bytes of shared memory: the file-size limit of this process is \(limit) bytes; raise it "
        + "with `ulimit -f`, or share less at a time"
    case .gone(let what):
      "the shared memory is gone: \(what.visible()); keep the array until its items have ended"
    case .mismatched(let what): "a handle does not fit the memory that it names: \(what.visible())"
    case .denied(let what): "access to shared memory is refused: \(what.visible())"
    case .unusableName(let name, let reason):
      "the shared memory '\(name.visible())' cannot be used: \(reason.visible())"
    case .outsidePool:
      "shared memory travels as a handle, in tasks, inputs and outputs of a pool only; elsewhere copy the elements"
    case .system(let what): "shared memory: \(what.visible())"
    }
  }
}

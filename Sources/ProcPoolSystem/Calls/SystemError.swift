import Glibc

/// A call to the system that failed, by name, and why.
public struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was called, for example `pipe2`.
  public let call: String
  /// The value of `errno` afterwards.
  public let code: Int32

  public init(call: String, code: Int32) {
    self.call = call
    self.code = code
  }

  /// The failure of a call that has just returned, and what it was about.
  init(_ call: SystemCall, of object: String? = nil) {
    let code = errno
    self.init(call: object.map { "\(call.rawValue)(\($0))" } ?? call.rawValue, code: code)
  }

  /// Out of file descriptors, in this process (`EMFILE`) or on the whole machine (`ENFILE`).
  public var isOutOfDescriptors: Bool { code == EMFILE || code == ENFILE }

  /// Out of memory, or of room in a file system that is memory.
  public var isOutOfMemory: Bool { code == ENOMEM || code == ENOSPC }

  /// Something is lacking that may be there again in a moment: processes and threads (`EAGAIN`), memory, descriptors.
  public var isShortage: Bool { code == EAGAIN || code == ENOMEM || isOutOfDescriptors }

  /// Beyond the size that this process may give a file.
  public var isOverFileSizeLimit: Bool { code == EFBIG }

  public var description: String {
    // A path is part of the call.
    var text = "\(call.visible()) failed: \(String(cString: strerror(code)))"
    if isOutOfDescriptors { text += " (raise the limit with `ulimit -n`, or use fewer workers)" }
    if isOverFileSizeLimit { text += " (raise the limit with `ulimit -f`)" }
    return text
  }
}

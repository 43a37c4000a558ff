import Glibc

/// A call to the system that failed, by name, and why.
package struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was called, for example `pipe2`.
  package let call: String
  /// The value of `errno` afterwards.
  package let code: Int32

  package init(call: String, code: Int32) {
    self.call = call
    self.code = code
  }

  /// The failure of a call that has just returned, and what it was about.
  init(_ call: SystemCall, of object: String? = nil) {
    let code = errno
    self.init(call: object.map { "\(call.rawValue)(\($0))" } ?? call.rawValue, code: code)
  }

  /// Out of file descriptors, in this process (`EMFILE`) or on the whole machine (`ENFILE`).
  package var isOutOfDescriptors: Bool { code == EMFILE || code == ENFILE }

  /// Out of memory, or of room in a file system that is memory.
  package var isOutOfMemory: Bool { code == ENOMEM || code == ENOSPC }

  /// Something is lacking that may be there again in a moment: processes and threads (`EAGAIN`), memory, descriptors.
  package var isShortage: Bool { code == EAGAIN || code == ENOMEM || isOutOfDescriptors }

  /// Beyond the size that this process may give a file.
  package var isOverFileSizeLimit: Bool { code == EFBIG }

  package var description: String {
    // A path is part of the call.
    var text = "\(call.visible()) failed: \(String(cString: strerror(code)))"
    if isOutOfDescriptors { text += " (raise the limit with `ulimit -n`, or use fewer workers)" }
    if isOverFileSizeLimit { text += " (raise the limit with `ulimit -f`)" }
    return text
  }
}

import Glibc

/// The failure of a system call.
package struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The name of the call, for example `pipe2`.
  package let call: String
  /// The value of `errno` afterwards.
  package let code: Int32

  package init(call: String, code: Int32) {
    self.call = call
    self.code = code
  }

  /// The failure of a call that has just returned, with its object.
  init(_ call: SystemCall, of object: String? = nil) {
    let code = errno
    self.init(call: object.map { "\(call.rawValue)(\($0))" } ?? call.rawValue, code: code)
  }

  /// Whether file descriptors have run out, in this process (`EMFILE`) or on the machine
  /// (`ENFILE`).
  package var isOutOfDescriptors: Bool { code == EMFILE || code == ENFILE }

  /// Whether memory has run out, or room in a file system in memory.
  package var isOutOfMemory: Bool { code == ENOMEM || code == ENOSPC }

  /// Whether the shortage may be temporary: of processes and threads (`EAGAIN`), memory, or
  /// descriptors.
  package var isShortage: Bool { code == EAGAIN || code == ENOMEM || isOutOfDescriptors }

  /// Whether the file-size limit of this process was exceeded.
  package var isOverFileSizeLimit: Bool { code == EFBIG }

  package var description: String {
    // The call may contain a path, which is quoted.
    var text = "\(call.visible()) failed: \(String(cString: strerror(code)))"
    if isOutOfDescriptors { text += " (raise the limit with `ulimit -n`, or use fewer workers)" }
    if isOverFileSizeLimit { text += " (raise the limit with `ulimit -f`)" }
    return text
  }
}

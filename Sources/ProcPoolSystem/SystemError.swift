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

  /// The failure of a call that has just returned.
  init(_ call: String) {
    self.init(call: call, code: errno)
  }

  /// Out of file descriptors, in this process (`EMFILE`) or on the whole machine (`ENFILE`).
  public var isOutOfDescriptors: Bool { code == EMFILE || code == ENFILE }

  /// Out of memory, or of room in a file system that is memory.
  public var isOutOfMemory: Bool { code == ENOMEM || code == ENOSPC }

  public var description: String {
    var text = "\(call) failed: \(String(cString: strerror(code)))"
    if isOutOfDescriptors { text += " (raise the limit with `ulimit -n`, or use fewer workers)" }
    return text
  }
}

/// Repeats a call while a signal interrupts it: the policy for every call in this module that can be
/// interrupted.
///
/// - Returns: the call's result, never negative.
@discardableResult
@inline(__always)
func retryingInterrupts<Result: SignedInteger>(
  _ name: String, _ call: () -> Result
) throws(SystemError) -> Result {
  while true {
    let result = call()
    if result >= 0 { return result }
    if errno != EINTR { throw SystemError(name) }
  }
}

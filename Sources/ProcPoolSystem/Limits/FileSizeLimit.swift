import CProcPoolShims
import Glibc

/// How large this process may make a file (`RLIMIT_FSIZE`, `ulimit -f`). Files of memory count.
///
/// The kernel kills a process that goes beyond the limit (`SIGXFSZ`), so that it has to be looked at before.
package enum FileSizeLimit {
  /// Bytes; `nil` if there is no limit.
  package static var current: Int? {
    let bytes = procpool_file_size_limit()
    return bytes == .max ? nil : Int(clamping: bytes)
  }

  /// - Throws: `EFBIG`, as the call would give it to a process that ignores the signal.
  static func check(_ count: Int, for call: SystemCall) throws(SystemError) {
    if let current, count > current { throw SystemError(call: call.rawValue, code: EFBIG) }
  }
}

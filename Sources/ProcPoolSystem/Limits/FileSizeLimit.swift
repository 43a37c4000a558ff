import CProcPoolShims
import Glibc

/// The maximum size of files that this process may create (`RLIMIT_FSIZE`, `ulimit -f`). It applies
/// to memory files.
///
/// The kernel kills a process that exceeds the limit (`SIGXFSZ`), so it must be checked before.
package enum FileSizeLimit {
  /// The limit in bytes; `nil` if there is none.
  package static var current: Int? {
    let bytes = procpool_file_size_limit()
    return bytes == .max ? nil : Int(clamping: bytes)
  }

  /// Checks the size of a file.
  ///
  /// - Throws: `EFBIG`, the error of the call in a process that ignores the signal.
  static func check(_ count: Int, for call: SystemCall) throws(SystemError) {
    if let current, count > current { throw SystemError(call: call.rawValue, code: EFBIG) }
  }
}

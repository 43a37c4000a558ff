import CProcPoolShims
import Glibc

/// A copy of this process that a task has created with `fork`, and that continues as if it were the
/// worker.
///
/// It has the pipes of the worker and shares its memory, so that two processes would answer for
/// one.
package enum ForkedCopy {
  /// Replaces `memory` in forked copies by private memory, from now on. Call it once per process.
  package static func unshare(_ memory: UnsafeMutableRawBufferPointer) throws(SystemError) {
    try retryingInterrupts(.watchForks) { procpool_unshare_in_copies(memory.baseAddress!, memory.count) }
  }

  /// Ends this process if it is a copy, without flushing standard output, which the original will
  /// write.
  package static func endIfCopy() {
    if procpool_is_copy() != 0 { _exit(0) }
  }
}

import CProcPoolShims
import Glibc

/// A copy of this process that a task has made with `fork`, and that goes on as if it were the worker.
///
/// It has the worker's pipes and shares the worker's memory, and nobody expects it: two would answer for one.
package enum ForkedCopy {
  /// Gives copies memory of their own in place of `memory`, from now on. Once in a process.
  package static func unshare(_ memory: UnsafeMutableRawBufferPointer) throws(SystemError) {
    try retryingInterrupts(.watchForks) { procpool_unshare_in_copies(memory.baseAddress!, memory.count) }
  }

  /// Ends this process if it is a copy: silently, since what it holds of standard output is the original's to
  /// write.
  package static func endIfCopy() {
    if procpool_is_copy() != 0 { _exit(0) }
  }
}

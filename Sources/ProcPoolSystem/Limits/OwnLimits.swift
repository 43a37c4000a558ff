import CProcPoolShims
import Glibc

/// Limits that this process sets for itself.
package enum OwnLimits {
  /// Limits the private memory of the process (`RLIMIT_DATA`): heap, stacks and private mappings,
  /// without shared memory and the program itself.
  package static func setMemory(_ bytes: UInt64) throws(SystemError) {
    try retryingInterrupts(.limitMemory) { procpool_limit_data(bytes) }
  }

  /// Limits the processor time of the process, which then receives `SIGXCPU`, and `SIGKILL` five
  /// seconds later.
  package static func setProcessorTime(seconds: UInt64) throws(SystemError) {
    try retryingInterrupts(.limitProcessorTime) { procpool_limit_processor_time(seconds, seconds &+ 5) }
  }

  /// Sets the niceness: at most 19, and with privileges down to -20.
  package static func setNiceness(_ niceness: Int32) throws(SystemError) {
    for thread in threads {
      try retryingInterrupts(.setNiceness) { procpool_set_niceness(thread, niceness) }
    }
  }

  /// Restricts the process to the given processors.
  package static func setProcessors(_ processors: [UInt32]) throws(SystemError) {
    for thread in threads {
      try retryingInterrupts(.setProcessors) {
        processors.withUnsafeBufferPointer { procpool_set_affinity(thread, $0.baseAddress, Int32($0.count)) }
      }
    }
  }

  /// All threads of the process, because Linux sets niceness and processors per thread. Threads
  /// that are started later inherit them.
  private static var threads: [Int32] {
    let threads = NumberFolder.entries("/proc/self/task")
    // 0 is the calling thread.
    return threads.isEmpty ? [0] : threads
  }
}

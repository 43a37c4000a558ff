import CProcPoolShims
import Glibc

/// What this process may use, as it limits itself.
package enum OwnLimits {
  /// Limits the memory of its own that the process may have (`RLIMIT_DATA`): heap, stacks and private
  /// mappings, but not what it shares with others, nor its program.
  package static func setMemory(_ bytes: UInt64) throws(SystemError) {
    try retryingInterrupts(.limitMemory) { procpool_limit_data(bytes) }
  }

  /// Limits the time that the process may spend on processors: then it gets `SIGXCPU`, and `SIGKILL` five
  /// seconds later.
  package static func setProcessorTime(seconds: UInt64) throws(SystemError) {
    try retryingInterrupts(.limitProcessorTime) { procpool_limit_processor_time(seconds, seconds &+ 5) }
  }

  /// Gives way to other processes: 19 at the most, and with the right privileges the opposite down to -20.
  package static func setNiceness(_ niceness: Int32) throws(SystemError) {
    for thread in threads {
      try retryingInterrupts(.setNiceness) { procpool_set_niceness(thread, niceness) }
    }
  }

  /// Runs on these processors only.
  package static func setProcessors(_ processors: [UInt32]) throws(SystemError) {
    for thread in threads {
      try retryingInterrupts(.setProcessors) {
        processors.withUnsafeBufferPointer { procpool_set_affinity(thread, $0.baseAddress, Int32($0.count)) }
      }
    }
  }

  /// All threads of the process: Linux sets both for one at a time. Threads that are started later inherit
  /// them.
  private static var threads: [Int32] {
    let threads = NumberFolder.entries("/proc/self/task")
    // 0 is the one that asks.
    return threads.isEmpty ? [0] : threads
  }
}

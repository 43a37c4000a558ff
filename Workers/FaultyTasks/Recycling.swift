import Glibc
import ProcPool

/// Returns which of the pool's workers runs it.
package struct WorkerNumber: PoolTask {
  package init() {}
  package func run(_ input: Int) -> Int { TaskContext.current!.worker.index }
}

/// Uses some memory for each item and never gives it back; takes some milliseconds, and returns its process.
package struct Leak: PoolTask {
  package var bytes: Int
  package init(bytes: Int) { self.bytes = bytes }

  package func run(_ milliseconds: Int) -> Int {
    // Written to, so that it is there.
    memset(malloc(bytes), 1, bytes)
    pause(milliseconds: milliseconds)
    return Int(getpid())
  }
}

/// Sees to it that its process, once told to leave, does so only after a very long time.
package struct StayAtExit: PoolTask {
  package init() {}
  package func run(_ input: Int) -> Int {
    atexit {
      pause(milliseconds: 1_000_000)
    }
    return input
  }
}

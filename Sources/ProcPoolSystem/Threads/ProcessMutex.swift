import CProcPoolShims
import Glibc

/// A lock in shared memory: `pthread_mutex_t`, robust, process-shared and error-checking.
///
/// A value is a view of the memory of the lock. The process that creates the memory calls
/// ``initialize()`` once. A lock is never destroyed, because it has no resources other than its
/// memory.
package struct ProcessMutex: @unchecked Sendable {
  // Safety: the C library synchronises all access to the memory.
  private let place: UnsafeMutableRawPointer

  /// The size of a lock in bytes: a cache line, which it must not share.
  package static let size = Int(procpool_mutex_size)

  /// A view of the lock at `place`, which is aligned to 16 bytes.
  package init(at place: UnsafeMutableRawPointer) {
    self.place = place
  }

  package func initialize() throws(SystemError) {
    try retryingInterrupts(.makeMutex) { negative(procpool_mutex_init(place)) }
  }

  /// The result of an attempt to acquire the lock.
  package enum Acquisition: Sendable {
    case acquired
    /// Acquired, and the last holder has died while it held the lock: the protected value may be
    /// half changed.
    case acquiredFromDead
    case timedOut
    /// The calling thread already holds the lock.
    case heldByCaller
    /// A process acquired the lock from a dead holder, and released it without
    /// ``makeConsistent()``.
    case unrecoverable
  }

  /// Acquires the lock.
  ///
  /// - Parameter timeout: how long to wait, in nanoseconds; negative for no limit.
  package func lock(timeout: Int64 = -1) throws(SystemError) -> Acquisition {
    switch procpool_mutex_lock(place, timeout) {
    case 0: return .acquired
    case EOWNERDEAD: return .acquiredFromDead
    case ETIMEDOUT: return .timedOut
    case EDEADLK: return .heldByCaller
    case ENOTRECOVERABLE: return .unrecoverable
    case let code: throw SystemError(call: "pthread_mutex_lock", code: code)
    }
  }

  /// Marks the lock as usable again after its holder has died.
  package func makeConsistent() { _ = procpool_mutex_make_consistent(place) }

  package func unlock() { _ = procpool_mutex_unlock(place) }
}

import CProcPoolShims
import Glibc

/// A lock in shared memory: `pthread_mutex_t`, robust, process-shared and error-checking.
///
/// A value is a view of the memory where the lock lies. The one who makes the memory calls ``initialize()``,
/// once; nobody destroys a lock, because it holds nothing but its memory.
package struct ProcessMutex: @unchecked Sendable {
  // Unchecked because the C library synchronises all access to the memory.
  private let place: UnsafeMutableRawPointer

  /// Bytes of a lock, a cache line, which it must have for itself.
  package static let size = Int(procpool_mutex_size)

  /// A view of the lock at `place`, which is aligned to 16 bytes.
  package init(at place: UnsafeMutableRawPointer) {
    self.place = place
  }

  package func initialize() throws(SystemError) {
    try retryingInterrupts(.makeMutex) { negative(procpool_mutex_init(place)) }
  }

  /// How an attempt to take the lock came out.
  package enum Acquisition: Sendable {
    case acquired
    /// Acquired, and whoever held it before has died with it: what it protects may be half changed.
    case acquiredFromDead
    case timedOut
    /// The calling thread has it already.
    case heldByCaller
    /// Somebody got it from a dead holder and let go of it without ``makeConsistent()``.
    case unrecoverable
  }

  /// Takes the lock.
  ///
  /// - Parameter timeout: how long to wait, in nanoseconds; negative for ever.
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

  /// What it protects is in order again.
  package func makeConsistent() { _ = procpool_mutex_make_consistent(place) }

  package func unlock() { _ = procpool_mutex_unlock(place) }
}

import CProcPoolShims
import Glibc

/// A ``SharedWakeUp`` in private memory, for threads of this process.
final class WakeUp: @unchecked Sendable {
  // Safety: the memory is accessed only as an atomic counter.
  private let place: UnsafeMutableRawPointer
  private let shared: SharedWakeUp

  init() {
    place = .allocate(byteCount: 4, alignment: 4)
    shared = SharedWakeUp(place)
    shared.initialize()
  }

  deinit { place.deallocate() }

  var count: UInt32 { shared.count }

  func signal() { shared.signal() }

  func wait(since seen: UInt32) { shared.wait(since: seen) }

  /// Sleeps until the next signal, unless there has been one since the count was `seen`, or until
  /// the time has elapsed.
  func wait(since seen: UInt32, nanoseconds: Int64) {
    _ = procpool_futex_wait_for(place, seen, nanoseconds)
  }
}

import CProcPoolShims
import Glibc

/// A ``SharedWakeUp`` of this process alone, in memory of its own.
final class WakeUp: @unchecked Sendable {
  // Safety: the address is only used through the atomic counter that lies there.
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

  /// Sleeps until there is a signal, unless there has been one since the count was `seen`, or until the time is over.
  func wait(since seen: UInt32, nanoseconds: Int64) {
    _ = procpool_futex_wait_for(place, seen, nanoseconds)
  }
}

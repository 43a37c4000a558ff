import CProcPoolShims
import Synchronization

/// Lets a thread sleep until another thread, possibly of another process, signals: a counter in
/// shared memory, with the kernel's futex on it.
///
///     let seen = wakeUp.count
///     if nothingToDo { wakeUp.wait(since: seen) }     // returns at once if there was a signal since
package struct SharedWakeUp: @unchecked Sendable {
  // Safety: the counter is atomic, and the creator guarantees that its memory lives long enough.

  private let word: UnsafeMutablePointer<Atomic<UInt32>>

  /// - Parameter place: four bytes, aligned to four.
  package init(_ place: UnsafeMutableRawPointer) {
    word = place.assumingMemoryBound(to: Atomic<UInt32>.self)
  }

  /// Initialises the counter. Exactly one process calls it, before any other uses the counter.
  package func initialize() {
    UnsafeMutableRawPointer(word).bindMemory(to: Atomic<UInt32>.self, capacity: 1).initialize(to: Atomic(0))
  }

  /// The number of signals so far, modulo 2³².
  package var count: UInt32 { word.pointee.load(ordering: .acquiring) }

  /// Sleeps until the next signal, unless there has been one since the count was `seen`. May return
  /// early.
  package func wait(since seen: UInt32) {
    // The caller checks its condition again, whether there was a signal, an interruption or a
    // changed count.
    procpool_futex_wait(word, seen)
  }

  /// Counts a signal, and wakes all waiting threads.
  package func signal() {
    word.pointee.wrappingAdd(1, ordering: .releasing)
    procpool_futex_wake(word)
  }
}

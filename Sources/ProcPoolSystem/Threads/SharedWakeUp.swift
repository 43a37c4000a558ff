import CProcPoolShims
import Synchronization

/// Lets a thread sleep until another one signals, which may be another process's: a counter in shared memory,
/// and the kernel's futex on it.
///
///     let seen = wakeUp.count
///     if nothingToDo { wakeUp.wait(since: seen) }     // returns at once if there was a signal since
///
/// - Because `@unchecked Sendable`: the counter is atomic, and lives as long as whoever made this of its
///   address says.
package struct SharedWakeUp: @unchecked Sendable {
  private let word: UnsafeMutablePointer<Atomic<UInt32>>

  /// - Parameter place: four bytes, aligned to four.
  package init(_ place: UnsafeMutableRawPointer) {
    word = place.assumingMemoryBound(to: Atomic<UInt32>.self)
  }

  /// Begins to count. Only by one of the processes, before any other looks.
  package func initialize() {
    UnsafeMutableRawPointer(word).bindMemory(to: Atomic<UInt32>.self, capacity: 1).initialize(to: Atomic(0))
  }

  /// How many signals there have been, modulo 2³².
  package var count: UInt32 { word.pointee.load(ordering: .acquiring) }

  /// Sleeps until there is a signal, unless there has been one since the count was `seen`. May return early.
  package func wait(since seen: UInt32) {
    // Whatever it returns for, the caller looks again: a signal, an interruption, a count that has moved on.
    procpool_futex_wait(word, seen)
  }

  /// Wakes whoever waits.
  package func signal() {
    word.pointee.wrappingAdd(1, ordering: .releasing)
    procpool_futex_wake(word)
  }
}

import ProcPoolSystem
import Synchronization

/// The activities by which the time of a process is counted.
package enum Activity: Int, Sendable, CaseIterable {
  case waiting = 0, reading, decoding, running, encoding, writing
}

/// Nanoseconds by ``Activity``, in the order of its raw values.
package typealias ActivityTimes = SIMD8<UInt64>

/// The time of a worker by activity, and the bytes that it has copied, in a few words of its status
/// page.
///
/// The clock is read when the activity changes, which is about as often as there are system calls
/// and never for each item: encoding and decoding small values counts as running. Values of
/// ``longValue`` bytes or more are counted separately.
///
/// One thread writes. The word of the current activity also holds its start, so that a reader can
/// add the time of the unfinished activity.
package struct ActivityClock {
  /// In bytes. Reading the clock twice takes about 60 ns, a twentieth of the time to copy this many
  /// bytes into new memory.
  package static let longValue = 4096

  private let words: UnsafeMutablePointer<Atomic<UInt64>>

  /// The number of words: the current activity, the bytes, and the time of each activity.
  static let wordCount = 2 + Activity.allCases.count

  init(_ words: UnsafeMutablePointer<Atomic<UInt64>>) { self.words = words }

  private static let activityBits: UInt64 = 3
  /// The value of the current activity while it is being changed.
  private static let changing: UInt64 = 7

  private static func current(_ activity: Activity, since time: Int64) -> UInt64 {
    UInt64(bitPattern: time) << activityBits | UInt64(activity.rawValue)
  }

  /// Starts the clock.
  package func start() {
    words[0].store(Self.current(.waiting, since: MonotonicClock.now()), ordering: .relaxed)
  }

  /// Ends the current activity and starts another.
  package func enter(_ activity: Activity) {
    let now = MonotonicClock.now()
    let (before, since) = Self.parts(words[0].load(ordering: .relaxed))
    words[0].store(Self.changing, ordering: .relaxed)
    // Stored before the total: a reader that sees the new total must not add the same time again.
    atomicMemoryFence(ordering: .releasing)
    let total = words + 2 + before
    total.pointee.store(
      total.pointee.load(ordering: .relaxed) &+ UInt64(max(0, now - since)), ordering: .relaxed)
    words[0].store(Self.current(activity, since: now), ordering: .releasing)
  }

  package func count(copied bytes: Int) {
    words[1].store(words[1].load(ordering: .relaxed) &+ UInt64(bytes), ordering: .relaxed)
  }

  /// The current activity and its start.
  var current: (activity: Activity, since: Int64) {
    let (activity, since) = Self.parts(words[0].load(ordering: .acquiring))
    return (Activity(rawValue: activity) ?? .running, since)
  }

  private static func parts(_ word: UInt64) -> (activity: Int, since: Int64) {
    // A task may overwrite the page, so every word must be valid.
    (min(Int(word & 7), Activity.allCases.count - 1), Int64(bitPattern: word >> activityBits))
  }

  /// The times so far, including the unfinished activity, and the bytes. Another process may call
  /// it while the worker runs.
  func read(now: Int64) -> (times: ActivityTimes, bytesCopied: UInt64) {
    var times = ActivityTimes()
    // Repeated if the worker changes its activity in between: that time would be counted twice or
    // not at all.
    for _ in 0..<8 {
      let word = words[0].load(ordering: .acquiring)
      for activity in Activity.allCases {
        times[activity.rawValue] = words[2 + activity.rawValue].load(ordering: .relaxed)
      }
      atomicMemoryFence(ordering: .acquiring)
      guard words[0].load(ordering: .relaxed) == word, word != Self.changing else { continue }
      let (activity, since) = Self.parts(word)
      if since > 0 { times[activity] &+= UInt64(max(0, now &- since)) }
      break
    }
    return (times, words[1].load(ordering: .relaxed))
  }
}

import ProcPoolSystem
import Synchronization

/// What a process of a pool spends its time on.
package enum Activity: Int, Sendable, CaseIterable {
  case waiting = 0, reading, decoding, running, encoding, writing
}

/// Nanoseconds by ``Activity``, in the order of its raw values.
package typealias ActivityTimes = SIMD8<UInt64>

/// Where a worker's time goes, and how many bytes it has copied, in a few words of its status page.
///
/// The clock is read when the activity changes, about as often as there are system calls and never for each item:
/// coding small values counts as running. Values of ``longValue`` bytes and more are measured apart.
///
/// One thread writes. The word of the current activity also holds when it began, so that a reader can add the time of
/// an activity that has not ended.
package struct ActivityClock {
  /// Because reading the clock twice takes some 60 ns, a twentieth of what it takes to copy as many bytes
  /// into new memory.
  package static let longValue = 4096

  private let words: UnsafeMutablePointer<Atomic<UInt64>>

  /// Words of memory: the current activity, the bytes, and the time of each activity.
  static let wordCount = 2 + Activity.allCases.count

  init(_ words: UnsafeMutablePointer<Atomic<UInt64>>) { self.words = words }

  private static let activityBits: UInt64 = 3
  /// In the place of the current activity while it is changed: no activity, since no time.
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
    // Before the total: who sees that must not add the same time again.
    atomicMemoryFence(ordering: .releasing)
    let total = words + 2 + before
    total.pointee.store(
      total.pointee.load(ordering: .relaxed) &+ UInt64(max(0, now - since)), ordering: .relaxed)
    words[0].store(Self.current(activity, since: now), ordering: .releasing)
  }

  package func count(copied bytes: Int) {
    words[1].store(words[1].load(ordering: .relaxed) &+ UInt64(bytes), ordering: .relaxed)
  }

  /// The current activity, and when it began.
  var current: (activity: Activity, since: Int64) {
    let (activity, since) = Self.parts(words[0].load(ordering: .acquiring))
    return (Activity(rawValue: activity) ?? .running, since)
  }

  private static func parts(_ word: UInt64) -> (activity: Int, since: Int64) {
    // A task may write anywhere, so that any word must be understood.
    (min(Int(word & 7), Activity.allCases.count - 1), Int64(bitPattern: word >> activityBits))
  }

  /// The times so far, what has not ended among them, and the bytes: by another process, while the worker
  /// goes on.
  func read(now: Int64) -> (times: ActivityTimes, bytesCopied: UInt64) {
    var times = ActivityTimes()
    // A worker that changes its activity meanwhile would have that time counted twice, or not at all.
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

import ProcPoolProtocol
import ProcPoolSystem
import ProcPoolWorker
import Synchronization

/// The coordinator's time by activity: the time that callers spend on the pool's values, and that
/// of the runtime thread.
final class CoordinatorTimes: Sendable {
  // Relaxed everywhere, because no other memory depends on these numbers.
  private let waiting = Atomic<UInt64>(0)
  private let reading = Atomic<UInt64>(0)
  private let decoding = Atomic<UInt64>(0)
  private let encoding = Atomic<UInt64>(0)
  private let writing = Atomic<UInt64>(0)
  private let copied = Atomic<UInt64>(0)
  /// Since when the runtime thread has been waiting; 0 if it is not.
  private let waitingSince = Atomic<Int64>(0)

  /// Performs an activity and measures its time.
  func measure<Result, Failure: Error>(
    _ activity: Activity, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let start = MonotonicClock.now()
    defer { add(activity, UInt64(max(0, MonotonicClock.now() - start))) }
    return try body()
  }

  /// Lets the runtime thread wait and measures the time.
  func measureWaiting<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result
  {
    waitingSince.store(MonotonicClock.now(), ordering: .relaxed)
    defer {
      let since = waitingSince.exchange(0, ordering: .relaxed)
      add(.waiting, UInt64(max(0, MonotonicClock.now() - since)))
    }
    return try body()
  }

  func count(copied bytes: Int) { copied.wrappingAdd(UInt64(bytes), ordering: .relaxed) }

  private func add(_ activity: Activity, _ time: UInt64) {
    switch activity {
    case .waiting: waiting.wrappingAdd(time, ordering: .relaxed)
    case .reading: reading.wrappingAdd(time, ordering: .relaxed)
    case .decoding: decoding.wrappingAdd(time, ordering: .relaxed)
    case .encoding: encoding.wrappingAdd(time, ordering: .relaxed)
    case .writing: writing.wrappingAdd(time, ordering: .relaxed)
    case .running: preconditionFailure("the coordinator runs no items")
    }
  }

  /// The times so far, and the number of bytes copied.
  func read() -> (times: ActivityTimes, bytesCopied: UInt64) {
    var times = ActivityTimes()
    var since: Int64
    // Repeated if a wait began or ended between the two loads, or is about to be added.
    repeat {
      since = waitingSince.load(ordering: .acquiring)
      times[Activity.waiting.rawValue] = waiting.load(ordering: .acquiring)
    } while since != waitingSince.load(ordering: .relaxed)
    if since > 0 { times[Activity.waiting.rawValue] += UInt64(max(0, MonotonicClock.now() - since)) }
    times[Activity.reading.rawValue] = reading.load(ordering: .relaxed)
    times[Activity.decoding.rawValue] = decoding.load(ordering: .relaxed)
    times[Activity.encoding.rawValue] = encoding.load(ordering: .relaxed)
    times[Activity.writing.rawValue] = writing.load(ordering: .relaxed)
    return (times, copied.load(ordering: .relaxed))
  }
}

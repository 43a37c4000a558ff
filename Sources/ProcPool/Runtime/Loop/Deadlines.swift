/// The timers of the runtime thread.
enum Timer: Int, CaseIterable {
  /// Fetch results that lie in workers' buffers.
  case peek
  /// Write frames for which no worker need wake.
  case flush
  /// Have the scheduler check its time limits.
  case check
  /// Check whether busy workers are alive.
  case lives
  /// Check how much memory workers use.
  case memory
  /// End the rests of places.
  case rests
  /// Kill workers that have not completed the handshake in time.
  case handshakes
  /// Kill workers that have closed their results and have not ended.
  case closings
  /// Abandon workers that were killed and have not ended.
  case ends
  /// Abandon launches that have not returned.
  case launches
  /// Release shared memory that was not used for a while.
  case trim
  /// Relay text of workers.
  case output
}

/// When each of the runtime thread's timers is due, in nanoseconds on the monotonic clock; `.max`
/// for never.
struct Deadlines {
  private var times = [Int64](repeating: .max, count: Timer.allCases.count)

  subscript(timer: Timer) -> Int64 {
    get { times[timer.rawValue] }
    set { times[timer.rawValue] = newValue }
  }

  /// Makes a timer due no later than a time.
  mutating func advance(_ timer: Timer, to time: Int64) { self[timer] = min(self[timer], time) }

  var earliest: Int64 { times.min()! }

  /// Returns a timer that is due, and clears it.
  mutating func takeDue(now: Int64) -> Timer? {
    guard let index = times.firstIndex(where: { $0 <= now }) else { return nil }
    times[index] = .max
    return Timer(rawValue: index)!
  }
}

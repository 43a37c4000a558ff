import ProcPoolSystem

extension Instant {
  /// The current time on the monotonic clock.
  static func now() -> Instant { Instant(MonotonicClock.now()) }
}

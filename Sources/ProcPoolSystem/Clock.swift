import Glibc

/// Readings of the monotonic clock, which nobody sets.
public enum MonotonicClock {
  /// Nanoseconds since some moment in the past.
  @inlinable
  public static func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}

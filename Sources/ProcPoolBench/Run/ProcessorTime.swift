import Glibc

/// Seconds of processor time.
enum ProcessorTime {
  /// The time of this process.
  static var own: Double { used(by: RUSAGE_SELF) }

  /// The time of all child processes that have ended.
  static var ofEnded: Double { used(by: RUSAGE_CHILDREN) }

  /// Returns the time of a running process, or 0 if the process does not exist.
  static func of(_ process: Int32) -> Double {
    var clock = clockid_t()
    var time = timespec()
    guard clock_getcpuclockid(process, &clock) == 0, clock_gettime(clock, &time) == 0 else { return 0 }
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }

  private static func used(by who: __rusage_who) -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(who.rawValue), &usage)
    return [usage.ru_utime, usage.ru_stime].reduce(0) {
      $0 + Double($1.tv_sec) + 1e-6 * Double($1.tv_usec)
    }
  }
}

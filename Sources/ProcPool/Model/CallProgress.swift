/// The progress of a call.
public struct CallProgress: Sendable, Hashable {
  /// The number of items that have ended, including those that failed. For `mapReduce`, the number
  /// of inputs of the parts that have ended.
  public let done: Int
  /// The total number of items; `nil` if the inputs do not know it. Arrays and ranges do.
  public let total: Int?
  /// The number of items that have failed.
  public let failures: Int
  /// The time since the call started.
  public let elapsed: Duration

  /// The number of items that ended per second; `nil` before the first.
  public var itemsPerSecond: Double? {
    done > 0 && elapsed > .zero ? Double(done) / (elapsed / .seconds(1)) : nil
  }

  /// The estimated remaining time, at the average rate so far; `nil` if the total or the rate is
  /// unknown.
  public var remaining: Duration? {
    guard let total, let itemsPerSecond else { return nil }
    // Larger quotients exceed the range of a duration.
    return .seconds(min(1e15, Double(max(0, total - done)) / itemsPerSecond))
  }
}

/// The way in which the progress of a call is reported: the `progress:` argument of `map`, `imap`
/// and related verbs.
///
///     let images = try await pool.map(Render(), over: scenes, progress: .bar("rendering"))
///
/// The caller of the verb reports progress when it receives results, so nothing is reported while
/// no item ends. Each delivery of results then costs a reading of the clock. Callers that would
/// otherwise sleep until the last result wake up for intermediate ones.
public struct ProgressReport: Sendable {
  enum Form: Sendable {
    case bar(title: String)
    case closure(interval: Duration, @Sendable (CallProgress) -> Void)
  }

  let form: Form

  /// Shows a bar on standard error with the number of items, the rate, the remaining time and the
  /// failures.
  ///
  /// On a terminal the bar appears after 0.2 seconds. When the call ends, a line with the number of
  /// items and the time remains. Text that workers write to standard error appears above the bar.
  /// If standard error is not a terminal, a line is written from time to time, the first after ten
  /// seconds.
  ///
  /// - Parameter title: the text at the beginning of the bar.
  public static func bar(_ title: String = "") -> ProgressReport { ProgressReport(form: .bar(title: title)) }

  /// Calls a closure at most once per interval, and once more when the call completes.
  ///
  /// The closure runs on the caller's thread. While it runs, the caller receives no results and
  /// submits no work.
  public static func callback(
    every interval: Duration = .milliseconds(100), _ body: @escaping @Sendable (CallProgress) -> Void
  ) -> ProgressReport {
    ProgressReport(form: .closure(interval: interval, body))
  }
}

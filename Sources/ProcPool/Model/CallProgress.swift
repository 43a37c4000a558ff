/// How far a call has come.
public struct CallProgress: Sendable, Hashable {
  /// Items that have ended, those that failed among them; of `mapReduce`, the inputs of parts that have ended.
  public let done: Int
  /// How many items there are, if the inputs know that: arrays and ranges do.
  public let total: Int?
  /// Of those that have ended, how many failed.
  public let failures: Int
  /// Since the call began.
  public let elapsed: Duration

  /// Items that ended per second; `nil` as long as there was none.
  public var itemsPerSecond: Double? {
    done > 0 && elapsed > .zero ? Double(done) / (elapsed / .seconds(1)) : nil
  }

  /// How long the rest will take if items go on as they have gone; `nil` if nobody can say.
  public var remaining: Duration? {
    guard let total, let itemsPerSecond else { return nil }
    // A duration has an end, too.
    return .seconds(min(1e15, Double(max(0, total - done)) / itemsPerSecond))
  }
}

/// Who is told how far a call has come, and how: the `progress:` of `map`, `imap` and their kin.
///
///     let images = try await pool.map(Render(), over: scenes, progress: .bar("rendering"))
///
/// The caller of the verb tells it, when results come to him, and so nothing is told while nothing has ended. It
/// costs a look at the clock for each delivery of results, and callers wake up for results that they could leave
/// until the last otherwise.
public struct ProgressReport: Sendable {
  enum Form: Sendable {
    case bar(title: String)
    case closure(interval: Duration, @Sendable (CallProgress) -> Void)
  }

  let form: Form

  /// A bar on standard error, with what is done, the rate, the time left and failures, if that is a terminal; a line
  /// now and then if it is not, after ten seconds at first, and nothing for what ends before that.
  ///
  /// The bar appears after a fifth of a second, and at its end a line stays that says how many items there were and
  /// how long they took. What workers write to standard error goes above it.
  ///
  /// - Parameter title: what is being done.
  public static func bar(_ title: String = "") -> ProgressReport { ProgressReport(form: .bar(title: title)) }

  /// Calls a closure, at most once in an interval and once at the end of a call that came to its end.
  ///
  /// It runs on the caller's thread, and while it runs the caller takes no results and hands out no work.
  public static func callback(
    every interval: Duration = .milliseconds(100), _ body: @escaping @Sendable (CallProgress) -> Void
  ) -> ProgressReport {
    ProgressReport(form: .closure(interval: interval, body))
  }
}

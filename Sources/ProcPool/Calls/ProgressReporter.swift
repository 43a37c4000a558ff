import ProcPoolSystem

/// Reports the progress of one call, in the form that its caller has chosen. Used by one caller at
/// a time.
final class ProgressReporter {
  private let report: ProgressReport
  private let errors: ErrorStream
  private let begin: Int64
  private var next: Int64
  private var last = CallProgress(done: 0, total: nil, failures: 0, elapsed: .zero)
  private var hasReported = false
  private var isFinished = false
  /// The interval of lines, for a destination that is not a terminal.
  private var lineInterval = firstLine

  /// The delay of the bar, in nanoseconds: shorter calls need none.
  private static let firstBar: Int64 = 200_000_000
  private static let barInterval: Int64 = 100_000_000
  /// The delay of the first line without a terminal, in nanoseconds. The interval doubles with each
  /// line, up to a minute, so that a long job does not fill the log.
  private static let firstLine: Int64 = 10_000_000_000
  private static let longestLine: Int64 = 60_000_000_000

  init(_ report: ProgressReport, errors: ErrorStream, now: Int64 = MonotonicClock.now()) {
    self.report = report
    self.errors = errors
    begin = now
    next =
      switch report.form {
      case .bar: now + (errors.terminalWidth == nil ? Self.firstLine : Self.firstBar)
      case .closure: now
      }
  }

  /// Reports that items have ended.
  func note(done: Int, total: Int?, failures: Int, now: Int64 = MonotonicClock.now()) {
    guard !isFinished else { return }
    last = CallProgress(done: done, total: total, failures: failures, elapsed: .nanoseconds(now - begin))
    guard now >= next else { return }
    deliver(now: now)
  }

  private func deliver(now: Int64) {
    hasReported = true
    switch report.form {
    case .closure(let interval, let body):
      next = now.addingSaturating(interval.nanoseconds)
      body(last)
    case .bar(let title):
      if let width = errors.terminalWidth {
        next = now + Self.barInterval
        errors.show(ProgressText.bar(last, title: title, width: width))
      } else {
        lineInterval = min(2 * lineInterval, Self.longestLine)
        next = now + lineInterval
        errors.writeLine(ProgressText.line(last, title: title))
      }
    }
  }

  /// Reports that the call has completed, or was retired.
  ///
  /// - Parameter isWhole: whether every item has ended.
  func finish(isWhole: Bool, now: Int64 = MonotonicClock.now()) {
    guard !isFinished else { return }
    isFinished = true
    last = CallProgress(
      done: last.done, total: last.total, failures: last.failures, elapsed: .nanoseconds(now - begin))
    switch report.form {
    case .closure(_, let body): if isWhole { body(last) }
    case .bar(let title):
      errors.show("")
      if hasReported { errors.writeLine(ProgressText.end(last, title: title, isWhole: isWhole)) }
    }
  }
}

import ProcPoolSystem

/// Tells of the progress of one call, as its caller wants it. Used by one caller at a time.
final class ProgressReporter {
  private let report: ProgressReport
  private let errors: ErrorStream
  private let begin: Int64
  private var next: Int64
  private var last = CallProgress(done: 0, total: nil, failures: 0, elapsed: .zero)
  private var isTold = false
  private var isFinished = false
  /// Of a report that is no terminal's.
  private var lineInterval = firstLine

  /// When a bar appears: what is over before that needs none. Nanoseconds.
  private static let firstBar: Int64 = 200_000_000
  private static let barInterval: Int64 = 100_000_000
  /// When there is a line where there is no terminal; each time the interval is doubled, up to a minute, so that the
  /// log of a long job is not full of them.
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

  /// Something has ended.
  func note(done: Int, total: Int?, failures: Int, now: Int64 = MonotonicClock.now()) {
    guard !isFinished else { return }
    last = CallProgress(done: done, total: total, failures: failures, elapsed: .nanoseconds(now - begin))
    guard now >= next else { return }
    tell(now: now)
  }

  private func tell(now: Int64) {
    isTold = true
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

  /// The call has come to its end, or is given up.
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
      if isTold { errors.writeLine(ProgressText.end(last, title: title, isWhole: isWhole)) }
    }
  }
}

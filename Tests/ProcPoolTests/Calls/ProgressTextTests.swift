import ProcPoolSystem
import Testing

@testable import ProcPool

@Suite struct ProgressIsToldInAFewWords {
  private func progress(_ done: Int, of total: Int?, failures: Int = 0, seconds: Double = 10) -> CallProgress
  {
    CallProgress(done: done, total: total, failures: failures, elapsed: .seconds(seconds))
  }

  @Test func aBarHasWhatIsDoneTheRateAndTheTimeLeft() {
    #expect(
      ProgressText.bar(progress(250, of: 1000, failures: 2), title: "rendering", width: 80)
        == "rendering  ████▎░░░░░░░░░░░░  250 of 1 000, 25 %, 25/s, 30 s left, 2 failed")
    #expect(ProgressText.bar(progress(0, of: 10), title: "", width: 80).hasSuffix("░  0 of 10, 0 %"))
    #expect(ProgressText.bar(progress(10, of: 10), title: "", width: 80).contains("█  10 of 10, 100 %"))
    #expect(ProgressText.bar(progress(5000, of: nil), title: "reading", width: 80) == "reading  5 000, 500/s")
  }

  @Test(arguments: 0...100) func noBarIsWiderThanItsTerminal(width: Int) {
    for (done, total) in [(0, 0), (0, nil), (1, 2), (Int.max, nil), (1, Int.max), (Int.max, 1)] {
      for title in ["", "short", String(repeating: "long ", count: 40)] {
        let line = ProgressText.bar(progress(done, of: total), title: title, width: width)
        #expect(line.count <= max(width, 1), "\(line)")
        #expect(!line.contains("\n"))
      }
    }
  }

  /// Each on a line of its own where it does not fit, which nothing erases.
  @Test(arguments: [
    "日本語の処理", "👩‍👩‍👧 rendering 🇩🇪", "e\u{301}tape \u{1112}\u{1161}\u{11AB}", "two\nlines", "\u{1B}[2Jscreen\r",
    "\u{202E}backwards",
  ])
  func aTitleOfWideCharactersTakesItsColumns(title: String) {
    let drawn = String(repeating: title + " ", count: 3)
    for width in 0...120 {
      for (done, total) in [(0, nil), (1, 2), (250, 1000), (Int.max, nil)] {
        let line = ProgressText.bar(progress(done, of: total), title: drawn, width: width)
        #expect(line.displayWidth <= max(width, 1), "\(line)")
        #expect(!line.unicodeScalars.contains { $0.isActedOn })
      }
    }
    // The bar is as much shorter as the title is wider.
    let bar = ProgressText.bar(progress(250, of: 1000), title: "日本語の処理", width: 80)
    #expect(bar.hasPrefix("日本語の処理  ███▌") && bar.displayWidth <= 80)
    #expect(ProgressText.line(progress(3, of: 4), title: "a\u{1B}b").hasPrefix("a\\u{1B}b: 3 of 4"))
  }

  @Test func aLogHasLines() {
    #expect(ProgressText.line(progress(3, of: 4), title: "x") == "x: 3 of 4, 75 %, 0.3/s, 3.3 s left")
    #expect(
      ProgressText.end(progress(1_234_567, of: nil, failures: 1), title: "x", isWhole: true)
        == "x: 1 234 567 items in 10 s, 123 k/s, 1 failed")
    #expect(
      ProgressText.end(progress(1, of: 9), title: "", isWhole: false) == "stopped after 1 item in 10 s, 0.1/s"
    )
  }

  @Test(
    arguments: [
      (0.0, "0 ms"), (0.0604, "60 ms"), (0.9996, "1.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.4, "59 s"),
      (59.6, "1:00"), (125, "2:05"), (3725, "1:02:05"), (1e12, "years"), (.infinity, "years"),
    ])
  func timesHaveUnits(seconds: Double, text: String) {
    #expect(ProgressText.time(seconds.isFinite ? .seconds(seconds) : .seconds(Int64.max)) == text)
  }

  @Test(arguments: [
    (0.25, "0.3"), (12.4, "12"), (999.7, "1.0 k"), (3_400, "3.4 k"), (1.5e6, "1.5 M"), (2e11, "200 G"),
  ])
  func ratesAreShort(rate: Double, text: String) {
    #expect(ProgressText.count(rate) == text)
  }

  @Test func theTimeLeftFollowsFromWhatWasDone() {
    #expect(progress(250, of: 1000).remaining == .seconds(30))
    #expect(progress(0, of: 1000).remaining == nil)
    #expect(progress(1000, of: 1000).remaining == .zero)
  }

  @Test func aReporterWithAnIntervalIsAskedForNoMore() throws {
    nonisolated(unsafe) var told: [Int] = []
    let reporter = try ProgressReporter(
      .callback(every: .nanoseconds(100)) { told.append($0.done) }, errors: .current(), now: 0)
    for item in 0..<10 { reporter.note(done: item, total: 10, failures: 0, now: Int64(item) * 40) }
    #expect(told == [0, 3, 6, 9])
    reporter.finish(isWhole: true, now: 500)
    reporter.finish(isWhole: true, now: 600)
    reporter.note(done: 11, total: 10, failures: 0, now: 700)
    #expect(told == [0, 3, 6, 9, 9])
  }
}

import ProcPoolSystem
import Testing

/// A duration becomes a number in one place, and is never more than that holds.
@Suite struct DurationsSaturate {
  private static let cases: [(Duration, Int64)] = [
    (Duration.zero, 0), (.nanoseconds(1), 1), (.nanoseconds(-1), -1), (.seconds(3), 3_000_000_000),
    (.seconds(-3), -3_000_000_000), (Duration(secondsComponent: 0, attosecondsComponent: 999_999_999), 0),
    (Duration(secondsComponent: 0, attosecondsComponent: -999_999_999), 0),
    (.nanoseconds(Int64.max), .max), (.nanoseconds(Int64.min), .min), (.nanoseconds(Int64.max) * 2, .max),
    (.seconds(9_223_372_036), 9_223_372_036_000_000_000), (.seconds(9_223_372_037), .max),
    (.seconds(-9_223_372_037), .min), (.seconds(Int64.max), .max), (.seconds(-10_000_000_000), .min),
    (.seconds(Int64.min), .min), (Duration(attoseconds: .max), .max), (Duration(attoseconds: .min), .min),
  ]

  @Test(arguments: cases)
  func atBothEnds(_ duration: Duration, _ nanoseconds: Int64) {
    #expect(duration.nanoseconds == nanoseconds)
  }

  @Test func andSoDoSums() {
    #expect(Int64.max.addingSaturating(1) == .max && Int64.min.addingSaturating(-1) == .min)
    #expect(Int64(5).addingSaturating(.min) == .min + 5 && Int64(5).addingSaturating(3) == 8)
    #expect(Int64.max.multipliedSaturating(by: 2) == .max && Int64.max.multipliedSaturating(by: -2) == .min)
    #expect(Int64.min.multipliedSaturating(by: -1) == .max)
  }

  @Test func aCoarseReadingIsBehindAFineOneByATick() {
    let coarse = CoarseClock.now()
    let fine = MonotonicClock.now()
    #expect(coarse <= fine)
    // A hundred times the longest tick: a machine may stop for a while between the two.
    #expect(fine - coarse < 1_000_000_000)
  }
}

import Testing

import struct Foundation.Data
import class Foundation.JSONSerialization
import class Foundation.NSNull

@testable import ProcPool
@testable import ProcPoolBench

/// A measurement made by hand.
private func measured(
  _ scenario: ScenarioName, _ label: CaseLabel, _ strategy: String, _ workers: Int, _ seconds: Double...,
  items: Int? = nil, verified: Bool? = true, copying: Double = 0.5
) -> Measurement {
  var spent = PoolStatistics()
  if workers > 0 {
    spent.workers.running = .seconds(1 - copying)
    spent.workers.decoding = .seconds(copying)
  }
  return Measurement(
    key: MeasurementKey(scenario: scenario, label: label, strategy: strategy, workers: workers),
    items: items, seconds: seconds, spent: spent, verified: verified)
}

private func summary(
  _ measurements: [Measurement], figures: [ScenarioName: [Figure]] = [:]
) -> BenchSummary {
  BenchSummary(of: report(measurements, figures: figures))
}

private func report(
  _ measurements: [Measurement], figures: [ScenarioName: [Figure]] = [:], workers: Int = 2
) -> BenchReport {
  let scenarios = ScenarioName.allCases.compactMap { name -> ScenarioReport? in
    let own = measurements.filter { $0.key.scenario == name }
    return own.isEmpty
      ? nil : ScenarioReport(name: name, measurements: own, figures: figures[name] ?? [], notes: [])
  }
  return BenchReport(
    machine: Machine(
      processor: "One", architecture: "x86_64", processors: 2, memoryBytes: 1 << 31, system: "Linux"),
    workers: workers, options: BenchOptions(), scenarios: scenarios)
}

/// What a run without options measures, with the longest names and numbers.
let usualReport: BenchReport = {
  func compared(
    _ scenario: ScenarioName, _ label: CaseLabel, _ serial: Double, _ message: Double, _ shared: Double?
  ) -> [Measurement] {
    [
      measured(scenario, label, "serial", 0, serial, serial * 1.01),
      measured(
        scenario, label, scenario == .matmul ? "rows-b-once" : scenario == .sleep ? "map" : "intervals", 2,
        message, message * 1.01),
    ]
      + (shared.map {
        [measured(scenario, label, scenario == .matmul ? "rows-in-place" : "shared", 2, $0, $0 * 1.01)]
      } ?? [])
  }
  var all = [
    compared(.matmul, CaseLabel("low-l", "f64"), 153e-6, 2.01e-3, 271e-6),
    compared(.matmul, CaseLabel("low-l", "f32"), 42.3e-6, 2.29e-3, 1.7e-3),
    compared(.matmul, CaseLabel("high-l", "f64"), 591e-6, 12.8e-3, 595e-6),
    compared(.matmul, CaseLabel("high-l", "f32"), 264e-6, 24e-3, 346e-6),
    compared(.matmul, CaseLabel("big", "f32"), 0.135, 1.92, 0.065),
    compared(.matmul, CaseLabel("big", "f32, 4 of 200 rows", isPart: true), 2.7e-3, 0.32, nil),
    compared(.matmul, CaseLabel("big", "f32, 160 of 80 000 elements", isPart: true), 11e-3, 0.15, 5.7e-3),
    compared(.partialSums, "array-sum", 9.3e-3, 22.1e-3, 5.01e-3),
    compared(.partialSums, CaseLabel("array-sum", "100 000 terms", isPart: true), 94e-6, 18e-3, nil),
    compared(.partialSums, "slow-series", 0.166, 0.083, nil),
    compared(.partialSums, "trigonometric", 0.166, 0.0832, nil),
    compared(.sleep, "tenths", 1.001, 0.501, nil),
  ].flatMap(\.self)
  for size in PayloadScenario.sizes {
    let bytes = Double(size.bytes)
    all += [
      measured(
        .payload, CaseLabel(size.name), "echo", 2, 22.2e-6 + bytes * 2e-9, items: 1,
        copying: bytes / 2e9 + 0.5
      ), measured(.payload, CaseLabel(size.name), "bare-copies", 0, 1e-7 + bytes * 1e-9, items: 1),
      measured(.payload, CaseLabel(size.name), "shared", 2, 33.3e-6 + bytes * 5e-10, items: 1),
    ]
  }
  all += [
    measured(.overhead, "apply", "round-trips", 2, 44.4e-3, items: 1_000),
    measured(.overhead, "imap", "chunk-1", 2, 222e-3, items: 1_000_000),
    measured(.overhead, "imap", "chunk-64", 2, 19.2e-3, items: 1_000_000),
    measured(.overhead, "map", "automatic", 2, 10.8e-3, items: 1_000_000),
    measured(.locks, "contended", "lock", 2, 66.1e-3, items: 1_000_000),
    measured(.locks, "contended", "atomic", 2, 17.7e-3, items: 1_000_000),
    measured(.locks, "race", "nothing", 2, 1e-3, items: 800_000),
    measured(.spawn, "start", "broadcast", 1, 7.77e-3), measured(.spawn, "start", "broadcast", 2, 17.7e-3),
    measured(.recycling, "sleeping", "one-process", 2, 0.32, items: 2_000),
    measured(.recycling, "sleeping", "25-items-each", 2, 0.4, items: 2_000),
    measured(.recycling, "computing", "one-process", 2, 0.5, items: 2_000),
    measured(.recycling, "computing", "25-items-each", 2, 0.625, items: 2_000),
    measured(.recycling, "death", "cold", 1, 12.2e-3, items: 1),
    measured(.uneven, "mandelbrot", "map", 2, 0.5), measured(.uneven, "log-normal", "map", 2, 0.5),
  ]
  return report(
    all,
    figures: [
      .locks: [Figure(name: "lost updates", value: 328_000, unit: "of 800000", text: "some were lost")],
      .uneven: [
        Figure(name: "uneven-mandelbrot", value: 1.135, unit: "of the best", text: ""),
        Figure(name: "uneven-log-normal", value: 1.022, unit: "of the best", text: ""),
      ],
    ])
}()

@Suite struct ASummaryFitsAScreen {
  @Test func aRunWithoutOptionsTakes24LinesOf80Columns() throws {
    let text = try #require(usualReport.summary())
    #expect(
      text == """
        summary, 2 workers: serial wins 3 cases, message 3, shared 2; 1 within noise
        case            serial  message   shared  copying  fastest
        low-l, f64      154 µs  2.02 ms   272 µs     50 %  serial, 1.77× over shared
        low-l, f32     42.5 µs  2.30 ms  1.71 ms     50 %  serial, 40.2× over shared
        high-l, f64     594 µs  12.9 ms   598 µs     50 %  within noise: serial, shared
        high-l, f32     265 µs  24.1 ms   348 µs     50 %  serial, 1.31× over shared
        big             136 ms   1.93 s  65.3 ms     50 %  shared, 2.08× over serial
        array-sum      9.35 ms  22.2 ms  5.04 ms     50 %  shared, 1.86× over serial
        slow-series     167 ms  83.4 ms        –     50 %  message, 2.00× over serial
        trigonometric   167 ms  83.6 ms        –     50 %  message, 2.00× over serial
        sleep, tenths   1.01 s   504 ms        –     50 %  message, 2.00× over serial
        → low-l: 200×10 · 10×400 matrices; high-l: 20×10 000 · 10 000×40 matrices
        → sent in items of one element, row or term: 13.6× to 191× as long as serial
        payload         1B     1KiB    64KiB     1MiB    16MiB    64MiB  256MiB
        message    22.2 µs  24.2 µs   153 µs  2.12 ms  33.6 ms   134 ms  537 ms
        shared     33.3 µs  33.8 µs  66.1 µs   558 µs  8.42 ms  33.6 ms  134 ms
        shared is    0.67×    0.72×    2.32×    3.80×    3.99×    4.00×   4.00×
        → sharing is faster from about 3.25 KiB on; copying 50 % to 63 %
        per item   apply 44.4 µs (round-trips), imap 19.2 ns (chunk-64), map 10.8 ns
        locks      an addition: lock 66.1 ns, atomic 17.7 ns; without either, 41 % lost
        spawn      2 workers have answered after 17.7 ms
        recycling  sleeping 80 %, computing 80 % of full speed; a death costs 12.2 ms
        uneven     mandelbrot 13.5 %, log-normal 2.2 % over the best possible schedule
        · medians; serial: a plain loop; copying: its share of busy time by message

        """)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    #expect(lines.count <= 24)
    #expect(lines.allSatisfy { $0.count <= 80 })
  }

  @Test func aNarrowTerminalLosesColumnsAndAWideOneGainsTheStrategies() throws {
    let narrow = try #require(usualReport.summary(TextStyle(width: 72, hasColour: false)))
    #expect(narrow.split(separator: "\n").allSatisfy { $0.count <= 72 })
    #expect(!narrow.contains("  copying  ") && narrow.contains("shared, 2.08× over serial"))
    let wide = try #require(usualReport.summary(TextStyle(width: 160, hasColour: true)))
    #expect(wide.contains("rows-b-once on 2") && wide.contains("best in shared memory"))
    #expect(wide.contains("\u{1B}[32m65.3 ms\u{1B}[0m"), "the fastest has a colour")
  }

  @Test func whatComparesNothingHasALineAndNoTable() {
    let measurements = [measured(.overhead, "apply", "round-trips", 1, 1e-3, items: 100)]
    #expect(
      report(measurements, workers: 1).summary()
        == "summary, 1 worker\nper item  apply 10.0 µs (round-trips)\n")
    #expect(report([]).summary() == nil)
  }
}

@Suite struct ASummaryClaimsWhatTheRunsAllow {
  private func outcome(_ measurements: Measurement...) -> CaseSummary.Outcome? {
    summary(measurements).cases.first?.outcome
  }

  @Test func theFastestWinsOverTheNext() {
    #expect(
      outcome(
        measured(.matmul, "big", "serial", 0, 2, 2.1, 2.2), measured(.matmul, "big", "rows", 2, 8, 9, 9),
        measured(.matmul, "big", "rows-in-place", 2, 1.05, 1, 1.1))
        == .wins(.shared, by: 2, over: .serial))
  }

  @Test func theBestStrategyOfEachKindCounts() throws {
    let found = try #require(
      summary([
        measured(.matmul, "big", "rows", 2, 9, copying: 0.9),
        measured(.matmul, "big", "rows-b-once", 2, 4, copying: 0.25),
        measured(.matmul, "big", "elements-in-place", 2, 3), measured(.matmul, "big", "rows-in-place", 1, 2),
      ]).cases.first)
    #expect(found.best[.message]?.key.strategy == "rows-b-once")
    #expect(found.best[.shared]?.key.strategy == "rows-in-place")
    #expect(found.copyingShare == 0.25, "of the best by message")
    #expect(found.seconds(.serial) == nil && found.speed(of: .shared, over: .serial) == nil)
    #expect(found.outcome == .wins(.shared, by: 2, over: .message), "without a serial loop")
  }

  @Test func runsThatOverlapAreWithinNoise() {
    let serial = measured(.partialSums, "array-sum", "serial", 0, 1, 1, 3)
    let message = measured(.partialSums, "array-sum", "intervals", 2, 2, 2, 2)
    #expect(outcome(serial, message) == .withinNoise([.serial, .message]))
    let third = measured(.partialSums, "array-sum", "shared", 2, 9, 9, 9)
    #expect(outcome(serial, message, third) == .withinNoise([.serial, .message]))
  }

  @Test func aDisturbedStrategyDoesNotHideAnotherOfItsKind() {
    let serial = measured(.matmul, "big", "serial", 0, 128, 129, 129)
    let locked = measured(.matmul, "big", "rows-in-place-locked", 2, 64, 64, 143)
    #expect(outcome(serial, locked) == .withinNoise([.shared, .serial]))
    let rows = measured(.matmul, "big", "rows-in-place", 2, 64, 70, 74)
    guard case .wins(.shared, _, .serial) = outcome(serial, locked, rows) else {
      Issue.record("another strategy in shared memory was faster than the loop in every run")
      return
    }
  }

  @Test func aSingleRunIsAsUncertainAsMediansOfAFewRuns() {
    let serial = measured(.sleep, "tenths", "serial", 0, 1.08)
    #expect(outcome(serial, measured(.sleep, "tenths", "map", 2, 1)) == .withinNoise([.message, .serial]))
    #expect(
      outcome(serial, measured(.sleep, "tenths", "map", 2, 0.9)) == .wins(.message, by: 1.2, over: .serial))
  }

  @Test func oneWayAloneHasNoWinner() {
    let one = summary([measured(.partialSums, "slow-series", "intervals", 2, 1)])
    #expect(one.cases.first?.outcome == .unopposed(.message))
    #expect(one.headline == "2 workers")
    #expect(one.lines(.plain).contains { $0.hasSuffix("only message was measured") })
  }

  @Test func aWrongResultWinsNothingAndIsNamed() throws {
    let all = [
      measured(.matmul, "big", "serial", 0, 2), measured(.matmul, "big", "rows", 2, 1, verified: false),
      measured(.matmul, "big", "rows-in-place", 2, 9),
    ]
    let found = summary(all)
    #expect(found.cases.first?.outcome == .wins(.serial, by: 4.5, over: .shared))
    #expect(found.cases.first?.best[.message] == nil)
    #expect(found.lines(.plain).contains("WRONG RESULT: matmul, big, rows"))
    let onlyWrong = summary([measured(.matmul, "big", "rows", 2, 1, verified: false)])
    #expect(onlyWrong.cases.isEmpty)
    #expect(onlyWrong.lines(.plain) == ["summary, 2 workers", "WRONG RESULT: matmul, big, rows"])
  }

  @Test func whatTheCoordinatorDoesAloneIsNoStrategyUnlessItIsTheLoop() {
    let label = CaseLabel("big", "A and B into shared memory", isPart: true)
    let found = summary([measured(.matmul, label, "sharing", 0, 1), measured(.matmul, label, "bare", 0, 1)])
    #expect(found.isEmpty)
  }

  @Test func partsAreOneLine() {
    let found = summary([
      measured(.matmul, CaseLabel("big", "rows", isPart: true), "serial", 0, 1),
      measured(.matmul, CaseLabel("big", "rows", isPart: true), "rows", 2, 20),
    ])
    #expect(found.cases.isEmpty && found.partsByMessage == 20...20)
    #expect(
      found.lines(.plain).contains("→ sent in items of one element, row or term: 20.0× as long as serial"))
  }
}

@Suite struct ASummarySaysFromWhatSizeSharingPays {
  private func payloads(_ times: [(size: String, message: Double, shared: Double)]) -> BenchSummary {
    summary(
      times.flatMap { size, message, shared in
        [
          measured(.payload, CaseLabel(size), "echo", 2, message * 10, items: 10),
          measured(.payload, CaseLabel(size), "shared", 2, shared * 10, items: 10),
        ]
      })
  }

  @Test func timesAreThoseOfARoundTrip() {
    let found = payloads([("1MiB", 4, 1), ("1KiB", 1, 4)])
    #expect(found.payloads.map(\.label.name) == ["1KiB", "1MiB"], "the smallest first")
    #expect(found.payloads[0].seconds(.message) == 1)
    #expect(found.lines(.plain).contains("→ sharing is faster from about 32.0 KiB on; copying 50 %"))
    #expect(found.cases.isEmpty, "payloads are no cases of their own")
  }

  @Test func itMayNeverPayOrAlways() {
    #expect(
      payloads([("1KiB", 1, 2), ("1MiB", 1, 2)]).sharingText.hasPrefix("sharing was not faster at any size"))
    #expect(
      payloads([("1KiB", 2, 1), ("1MiB", 2, 1)]).sharingText.hasPrefix("sharing was faster at every size"))
  }

  @Test func oneSizeDoesNotTell() {
    let found = payloads([("1MiB", 2, 1)])
    #expect(found.sharingThreshold == nil)
    #expect(found.sharingText.hasPrefix("the size from which sharing pays needs more than one size"))
  }

  @Test func aSizeWithinNoiseSaysSo() {
    let lines = payloads([("1KiB", 1, 1.02), ("1MiB", 2, 1)]).lines(.plain)
    #expect(lines.contains("shared is   noise   2.00×"))
  }

  @Test func aWrongEchoDoesNotCount() {
    let found = summary([
      measured(.payload, "1KiB", "echo", 2, 1, items: 1, verified: false),
      measured(.payload, "1KiB", "shared", 2, 1, items: 1),
    ])
    #expect(found.payloads.first?.best[.message] == nil && found.sharingThreshold == nil)
  }
}

@Suite struct ASummaryIsInEveryForm {
  @Test func theJSONHasACaseForEachAndNullWhereNothingCanBeSaid() throws {
    let parsed = try JSONSerialization.jsonObject(with: Data(usualReport.json.utf8)) as? [String: Any]
    let found = try #require(parsed?["summary"] as? [String: Any])
    #expect(Set(found.keys) == ["cases", "sharingPaysFromBytes", "others"])
    let cases = try #require(found["cases"] as? [[String: Any]])
    #expect(cases.count == 9 + 3 + PayloadScenario.sizes.count)
    for one in cases {
      #expect(
        Set(one.keys) == [
          "scenario", "case", "variant", "isPart", "serial", "message", "shared", "fastest", "factor",
          "withinNoise", "copyingShare",
        ])
    }
    let big = try #require(cases.first { $0["case"] as? String == "big" })
    #expect(big["fastest"] as? String == "shared" && big["withinNoise"] as? Bool == false)
    let factor = try #require(big["factor"] as? Double)
    #expect(abs(factor - 0.135 / 0.065) < 1e-9)
    let message = try #require(big["message"] as? [String: Any])
    #expect(message["strategy"] as? String == "rows-b-once" && message["workers"] as? Int == 2)
    #expect(abs(try #require(message["seconds"] as? Double) - 1.92 * 1.005) < 1e-9)
    let tie = try #require(
      cases.first { $0["case"] as? String == "high-l" && $0["variant"] as? String == "f64" })
    #expect(tie["fastest"] is NSNull && tie["factor"] is NSNull && tie["withinNoise"] as? Bool == true)
    #expect(cases.first { $0["case"] as? String == "slow-series" }?["shared"] is NSNull)
    #expect(cases.filter { $0["isPart"] as? Bool == true }.count == 3)
    #expect(found["sharingPaysFromBytes"] as? Double != nil)
    #expect((found["others"] as? [[String: Any]])?.count == 5)
  }

  @Test func markdownAndThePageBeginWithIt() throws {
    let markdown = usualReport.markdown
    #expect(markdown.contains("| shared, 2.08× over serial "))
    #expect(markdown.contains("| big, f32, 4 of 200 rows "))
    #expect(markdown.contains("**per item**: apply 44.4 µs (round-trips)"))
    let page = usualReport.html
    let picture = try #require(page.firstRange(of: "<section class=\"summary\">"))
    #expect(picture.lowerBound < page.firstRange(of: "<section id=")!.lowerBound)
    #expect(
      page.contains(
        "Of 9 cases, a plain loop won 3, messages 3 and shared memory 2; 1 is within noise."
      ))
    #expect(page.contains("sharing is faster from about 3.25 KiB on"))
    for one in BenchSummary(of: usualReport).all {
      #expect(page.contains(">\(one.label)<") || page.contains(">payload, \(one.label)<"), "\(one.label)")
    }
  }

  @Test func barsAreAsLongAsSpeeds() {
    let scale = SpeedScale([0.5, 4])
    #expect(scale.position(0) == 0 && scale.position(4) == 100 && scale.position(1) == 25)
    #expect(SpeedScale([0.1]).position(1) == 80, "the line of the base is within the picture")
    #expect(SpeedScale([]).ticks == [1])
    #expect(SpeedScale([8]).ticks == [1, 5] && SpeedScale([2]).ticks == [1, 2])
    #expect(SummaryPicture.pace(0.5, isTie: false) == "2.00× slower")
    #expect(SummaryPicture.pace(2, isTie: false) == "2.00× faster")
    #expect(SummaryPicture.pace(2, isTie: true) == "within noise")
  }

  @Test func everyStrategyOfARunHasWords() {
    for measurement in usualReport.scenarios.flatMap(\.measurements) {
      #expect(StrategyWords.text(of: measurement.key) != nil, "\(measurement.key)")
    }
    #expect(
      StrategyWords.text(of: .matmul, "low-l", isQuick: false, items: nil) == "200×10 · 10×400 matrices")
    #expect(StrategyWords.text(of: .matmul, "own", isQuick: false, items: 1) == nil)
  }
}

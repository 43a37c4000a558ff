import Testing

import class Foundation.FileManager
import struct Foundation.URL

@testable import ProcPool
@testable import ProcPoolBench

/// A report with all that charts have to cope with: long names, times from nanoseconds to minutes, several numbers of
/// workers, a wrong result, and texts that look like HTML.
let richReport: BenchReport = {
  func measurement(
    _ scenario: ScenarioName, _ label: CaseLabel, _ strategy: String, _ workers: Int, _ seconds: [Double],
    items: Int? = 100, verified: Bool? = true
  ) -> Measurement {
    var spent = PoolStatistics()
    if workers > 0 {
      let all = seconds.reduce(0, +)
      spent.workers.running = .seconds(all * 0.5)
      spent.workers.decoding = .seconds(all * 0.2)
      spent.workers.waiting = .seconds(all * 0.3)
      spent.coordinator.encoding = .seconds(all * 0.4)
      spent.coordinator.writing = .seconds(all * 0.1)
      spent.bytesSent = 1000
      spent.bytesCopied = 5000
      spent.chunksSent = 3
      spent.queued = .milliseconds(3)
    }
    return Measurement(
      key: MeasurementKey(scenario: scenario, label: label, strategy: strategy, workers: workers),
      items: items, seconds: seconds, spent: spent, verified: verified)
  }
  let long = CaseLabel("big", "f32, 160 of 80 000 elements and then some more")
  let matmul = [
    measurement(.matmul, "low-l", "serial", 0, [57e-6, 60e-6]),
    measurement(.matmul, "low-l", "rows", 200, [2e-3, 90e-3]),
    measurement(
      .matmul, "low-l", "rows-in-place-locked-with-a-name-without-an-end", 200, [400], verified: false),
    measurement(.matmul, long, "serial", 0, [9.99e-4, 1e-3]),
    measurement(.matmul, long, "elements", 2, [1e-3]),
  ]
  let sums = [1, 2, 4, 8, 16, 64].flatMap { workers in
    ["intervals", "shared"].map {
      measurement(.partialSums, "slow-series", $0, workers, [1 / Double(workers) + 0.05, 1.1])
    }
  }
  let overhead = [
    measurement(.overhead, "imap", "chunk-1", 2, [0.02], items: 20_000),
    measurement(.overhead, "imap", "chunk-64", 2, [0.02], items: 200_000),
  ]
  let payload = PayloadScenario.sizes.flatMap { size in
    [
      measurement(.payload, CaseLabel(size.name), "echo", 2, [20e-6 + Double(size.bytes) * 2e-9], items: 1),
      measurement(
        .payload, CaseLabel(size.name), "bare-copies", 0, [100e-9 + Double(size.bytes) * 1e-9], items: 1),
      measurement(
        .payload, CaseLabel(size.name), "shared", 2, [40e-6 + Double(size.bytes) * 5e-10], items: 1),
    ]
  }
  let alone = [
    measurement(.locks, "uncontended", "lock", 0, [7e-3, 15e-3]),
    measurement(.locks, "uncontended", "atomic", 0, [1e-3]),
  ]
  func report(_ name: ScenarioName, _ measurements: [Measurement], _ figures: [Figure] = []) -> ScenarioReport
  {
    ScenarioReport(
      name: name, measurements: measurements, figures: figures, notes: ["A <note> of its \"own\" & more."])
  }
  return BenchReport(
    machine: Machine(
      processor: "A <b>\"bold\"</b> & 'odd' processor", architecture: "x86_64", processors: 2,
      memoryBytes: 1 << 31, system: "Linux"),
    workers: 2, options: BenchOptions(),
    scenarios: [
      report(.matmul, matmul), report(.partialSums, sums), report(.overhead, overhead), report(.locks, alone),
      report(.payload, payload, [PayloadScenario.crossover(payload)!]),
    ])
}()

@Suite struct ThePageNeedsNothingElse {
  @Test func itLoadsNothingAndRunsNothing() {
    for word in ["http:", "https:", "src=", "@import", "url(", "<script", "<link", "onload"] {
      #expect(!richReport.html.contains(word), "\(word)")
    }
  }

  @Test func textsAreNotTakenForMarkup() {
    let page = richReport.html
    #expect(page.contains("A &lt;b&gt;&quot;bold&quot;&lt;/b&gt; &amp; &#39;odd&#39; processor"))
    #expect(page.contains("A &lt;note&gt; of its &quot;own&quot; &amp; more."))
    #expect(!page.contains("&lt;span") && !page.contains("&amp;lt;"))
  }

  @Test func whatIsOpenedIsClosed() {
    let empty: Set = ["meta", "line", "circle", "polyline"]
    var open: [String] = []
    for tag in richReport.html.matches(of: /<(\/?)([a-z0-9]+)[^>]*>/) {
      let name = String(tag.2)
      if empty.contains(name) { continue }
      if tag.1.isEmpty { open.append(name) } else { #expect(open.popLast() == name) }
    }
    #expect(open.isEmpty)
  }

  @Test func everyCaseAndFigureIsThere() {
    let page = richReport.html
    for scenario in richReport.scenarios {
      #expect(page.contains("<section id=\"\(scenario.name.rawValue)\">"))
      for figure in scenario.figures { #expect(page.contains(figure.text)) }
      for row in scenario.tables[0].rows {
        for cell in row where !cell.isEmpty {
          #expect(page.contains(">\(Markup.escaped(cell))</t"), "\(cell)")
        }
      }
    }
    #expect(page.contains("WRONG") && page.contains("Wrong results: matmul, low-l"))
    for sentence in Verdict.sentences(for: richReport.scenarios) { #expect(page.contains(sentence)) }
  }

  @Test func aReportWithoutMeasurementsIsAPage() {
    let report = BenchReport(
      machine: richReport.machine, workers: 1, options: BenchOptions(),
      scenarios: [ScenarioReport(name: .locks, measurements: [], notes: [])])
    #expect(report.html.hasSuffix("</html>\n"))
    #expect(report.html.contains("All verified results were correct."))
  }
}

@Suite struct ChartsShowWhatWasMeasured {
  private func measurement(_ strategy: String, _ seconds: [Double], workers: Int = 1) -> Measurement {
    Measurement(
      key: MeasurementKey(scenario: .matmul, label: "low-l", strategy: strategy, workers: workers),
      seconds: seconds)
  }

  @Test func tenTimesAsLongIsAsFarWhereverItIs() {
    let chart = BarChart(
      label: "low-l", measurements: [measurement("a", [1e-4]), measurement("b", [1e-1])])
    let step = chart.position(1e-3) - chart.position(1e-4)
    #expect(abs(chart.position(1e-2) - chart.position(1e-3) - step) < 1e-9)
    #expect(abs(chart.position(1e-1) - 100) < 1e-9, "the slowest fills the scale")
    #expect(chart.position(1e-4) > 0, "the fastest has a bar")
  }

  @Test(arguments: [[0.0, 0], [1e-12, 1], [1, 1], [1e-3, 1e-3], [3e4, 1e-9]])
  func noBarLeavesItsScale(times: [Double]) {
    let chart = BarChart(label: "low-l", measurements: times.map { measurement("\($0)", [$0, $0 * 3]) })
    for time in times {
      #expect((0...100).contains(chart.position(time)) && (0...100).contains(chart.position(time * 3)))
    }
  }

  @Test(arguments: [
    (0, "1\u{202F}s"), (2, "100\u{202F}s"), (-1, "100\u{202F}ms"), (-6, "1\u{202F}µs"), (-11, "10\u{202F}ps"),
  ])
  func powersOfTenSecondsHaveNames(exponent: Int, name: String) {
    #expect(BarChart.power(exponent) == name)
  }

  @Test func speedUpIsOverOneWorkerOfTheSameStrategy() throws {
    let charts = ScenarioCharts.speedups(
      [
        measurement("a", [1], workers: 1), measurement("a", [0.25], workers: 4),
        measurement("b", [7], workers: 4),
        measurement("a", [0.5], workers: 2),
      ], processors: 2)
    let chart = try #require(charts.first)
    #expect(charts.count == 1)
    #expect(chart.series.map(\.name) == ["a", "ideal"])
    #expect(chart.series[0].points.map(\.x) == [1, 2, 4] && chart.series[0].points.map(\.y) == [1, 2, 4])
    #expect(chart.series[1].points.map(\.y) == [1, 2, 2], "two processors give no more than two")
  }

  @Test func theCrossoverIsMarkedWhereItIs() throws {
    let report = try #require(richReport.scenarios.last)
    let chart = try #require(ScenarioCharts.payload(report))
    #expect(chart.series.map(\.name) == ["echo", "bare-copies", "shared"])
    #expect(chart.mark?.value == report.figures[0].value)
    #expect(chart.series.allSatisfy { $0.points.count == PayloadScenario.sizes.count })
  }

  /// By the widest that characters are.
  @Test func noTextOfAPictureIsCutOrLiesOverAnother() throws {
    let charts =
      richReport.scenarios.flatMap { ScenarioCharts.speedups($0.measurements, processors: 2) }
      + richReport.scenarios.compactMap(ScenarioCharts.payload)
    #expect(charts.count == 2)
    for labels in charts.map(\.labels) {
      #expect(labels.count > 10)
      for (index, label) in labels.enumerated() {
        #expect(label.box.left >= 0 && label.box.right <= LineChart.width, "\(label.text)")
        #expect(label.box.top >= 0 && label.box.bottom <= LineChart.height, "\(label.text)")
        for other in labels[..<index] { #expect(!label.overlaps(other), "\(label.text), \(other.text)") }
      }
    }
  }

  @Test func sharesAreOneTogetherAndWhatIsNotThereHasNone() throws {
    let measured = richReport.scenarios[0].measurements
    #expect(
      ActivityShares.workers(of: measured[0]) == nil && ActivityShares.coordinator(of: measured[0]) == nil)
    for shares in [ActivityShares.workers(of: measured[1]), ActivityShares.coordinator(of: measured[1])] {
      #expect(abs(try #require(shares).parts.map(\.share).reduce(0, +) - 1) < 1e-9)
    }
    #expect(ActivityShares.chunk(of: measured[0]) == nil)
    var queued = measured[1]
    queued.spent.chunksSent = 4
    queued.spent.queued = .seconds(queued.statistics.median)
    #expect(try #require(ActivityShares.chunk(of: queued)).parts.map(\.share) == [0.25, 0.75])
    let workers = try #require(ActivityShares.workers(of: measured[1])).parts
    #expect(workers.map(\.activity) == [.computing, .decoding, .encoding, .pipes, .idle])
    #expect(abs(workers[0].share - 0.5) < 1e-6 && abs(workers[1].share - 0.2) < 1e-6)
  }
}

/// A browser lays the page out, and says where everything is.
@Suite(
  .enabled(if: Browser.path != nil, "there is no Chromium here, so nobody sees the page laid out"),
  .timeLimit(.minutes(5)))
struct ThePageIsLaidOut {
  @Test(arguments: [360, 375, 800, 1280])
  func nothingIsCutAndNothingLiesOverAnother(width: Int) async throws {
    for report in [richReport, usualReport] {
      let complaints = try await Browser.complaints(of: report.html, width: width)
      #expect(complaints == "none")
    }
  }

  @Test func theCheckSeesWhatIsCutAndWhatLiesOverAnother() async throws {
    func complaints(_ style: String) async throws -> String {
      let page = richReport.html.replacing("</style>", with: style + "</style>")
      return try await Browser.complaints(of: page, width: 800)
    }
    #expect(try await complaints(".scale span { left: 10% !important; }").contains("overlap"))
    #expect(try await complaints("svg text { font-size: 30px; }").contains("overlap"))
    #expect(try await complaints(".row.axis { grid-template-columns: 1rem 1fr; }").contains("askew"))
    #expect(try await complaints("table { width: 3000px; } .scroll { overflow: visible; }").contains("wider"))
    #expect(try await complaints("table { width: 3000px; }").contains("wide table"))
    #expect(try await complaints(".pace { margin-left: -5rem; }").contains("overlap"))
    #expect(
      try await complaints("figcaption { width: 3rem; overflow: hidden; white-space: nowrap; }").contains(
        "cut"))
  }
}

private enum Browser {
  static let path: URL? = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"]
    .lazy.map { URL(fileURLWithPath: "/usr/bin/\($0)") }
    .first { FileManager.default.isExecutableFile(atPath: $0.path) }

  /// What a reader would complain about, or `none`.
  static func complaints(of page: String, width: Int) async throws -> String {
    let file = Scratch.path().appendingPathExtension("html")
    let profile = Scratch.path()
    defer {
      try? FileManager.default.removeItem(at: file)
      try? FileManager.default.removeItem(at: profile)
    }
    try page.replacing("</body>", with: "<script>\(check)</script></body>")
      .write(to: file, atomically: true, encoding: .utf8)
    let outcome = try await Program.run(
      [
        "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir=\(profile.path)",
        "--window-size=\(width),900", "--dump-dom", file.absoluteString,
      ], at: path!)
    let found = try #require(outcome.output.firstMatch(of: /(?s)\[complaints: (.*?)\]/), "\(outcome.errors)")
    return String(found.1)
  }

  /// Boxes of texts in pictures and along scales must not meet, texts must be within what holds them, and the page
  /// must be as wide as the screen.
  private static let check = """
    const found = [];
    const box = e => e.getBoundingClientRect();
    const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
    function apart(elements) {
      for (let i = 0; i < elements.length; i++) for (let j = 0; j < i; j++)
        if (meet(box(elements[i]), box(elements[j])))
          found.push('overlap: ' + elements[i].textContent + ' / ' + elements[j].textContent);
    }
    function within(e, holder) {
      const a = box(e), b = box(holder);
      if (a.left < b.left - 1 || a.right > b.right + 1 || a.top < b.top - 1 || a.bottom > b.bottom + 1)
        found.push('cut: ' + e.textContent);
    }
    const root = document.documentElement;
    if (root.scrollWidth > root.clientWidth) found.push('wider than the screen: ' + root.scrollWidth);
    for (const svg of document.querySelectorAll('svg')) {
      const texts = [...svg.querySelectorAll('text')];
      apart(texts);
      for (const text of texts) within(text, svg);
    }
    for (const holder of document.querySelectorAll('details')) holder.open = true;
    for (const scroll of document.querySelectorAll('.scroll'))
      if (scroll.scrollWidth > scroll.clientWidth + 1) found.push('wide table: ' + scroll.textContent.slice(0, 40));
    for (const ticks of document.querySelectorAll('.ticks')) apart([...ticks.children]);
    for (const lane of document.querySelectorAll('.lane')) {
      apart([...lane.children]);
      within(lane.querySelector('.pace'), document.body);
    }
    for (const scale of document.querySelectorAll('.scale')) apart([...scale.children]);
    for (const chart of document.querySelectorAll('.bars')) {
      const scale = box(chart.querySelector('.scale'));
      for (const track of chart.querySelectorAll('.track'))
        if (Math.abs(box(track).left - scale.left) > 1 || Math.abs(box(track).right - scale.right) > 1)
          found.push('askew: ' + chart.querySelector('figcaption').textContent);
    }
    for (const row of document.querySelectorAll('.row')) {
      const value = row.querySelector('.value');
      if (!value) continue;
      within(value, document.body);
      apart([value, row.querySelector('.name'), ...row.querySelectorAll('.split')]);
    }
    for (const e of document.querySelectorAll('h1, h2, p, li, figcaption, .name, .what, .pace, dd, td, .legend span'))
      if (e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline') found.push('cut: ' + e.textContent);
    document.body.textContent = '[complaints: ' + (found.slice(0, 5).join('; ') || 'none') + ']';
    """
}

@Suite struct TheOtherFormsOfAReport {
  @Test func aSheetHasALineForEachMeasurementAndACellForEachTitle() throws {
    let lines = richReport.csv.split(separator: "\n", omittingEmptySubsequences: false)
    let measurements = richReport.scenarios.flatMap(\.measurements)
    #expect(lines.count == measurements.count + 2 && lines.last == "")
    let titles = lines[0].split(separator: ",")
    #expect(titles.first == "scenario" && titles.last == "verified")
    // One variant has a comma.
    for line in lines[1...].dropLast() {
      let cells = line.replacing(/"[^"]*"/, with: "quoted").split(
        separator: ",", omittingEmptySubsequences: false)
      #expect(cells.count == titles.count, "\(line)")
    }
    #expect(
      lines[4].hasPrefix("matmul,big,\"f32, 160 of 80 000 elements and then some more\",serial,0,2,0.000999,")
    )
    #expect(lines[3].hasSuffix(",false"))
  }

  @Test func markdownHasTheTablesOfTheText() {
    var table = TextTable(columns: [
      .init(title: "case", alignment: .left), .init(title: "time", alignment: .right),
    ])
    table.add(["a|b", "12 µs"])
    #expect(
      table.markdown == """
        | case |  time |
        | ---- | ----: |
        | a\\|b | 12 µs |
        """)
    let text = richReport.markdown
    for scenario in richReport.scenarios {
      #expect(text.contains("## \(scenario.name.rawValue)\n"))
      for table in scenario.tables { #expect(text.contains(table.markdown)) }
      for figure in scenario.figures { #expect(text.contains(figure.text)) }
    }
  }
}

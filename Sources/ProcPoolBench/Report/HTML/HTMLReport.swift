import ProcPool

/// The report as one self-contained page, without scripts, network requests or other files.
extension BenchReport {
  /// The page, with a line break at its end.
  public var html: String {
    // Terms are explained where they first appear.
    let firstWithTimes = scenarios.first { $0.hasTimes && $0.name != .payload }?.name
    let sections = scenarios.enumerated().map { index, scenario in
      Self.section(
        scenario, processors: machine.processors, isFirst: index == 0,
        explainsTimes: scenario.name == firstWithTimes)
    }
    let links = scenarios.map { scenario -> Markup in
      "<a href=\"#\(scenario.name.rawValue)\">\(scenario.name.rawValue)</a>"
    }
    let sentences = Verdict.sentences(for: scenarios)
    let verdict: Markup =
      sentences.isEmpty
      ? ""
      : """
      <details class="verdict"><summary>The same in words, case by case</summary>
      <ul>\(Markup.joined(sentences.map { "<li>\($0)</li>" }))</ul></details>
      """
    let wrong: Markup =
      wrongResults.isEmpty
      ? "<p class=\"right\">All verified results were correct.</p>"
      : "<p class=\"wrong\">Wrong results: \(wrongResults.joined(separator: "; "))</p>"
    let markup: Markup = """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <title>procpool bench</title>
      <style>
      \(Markup(stringLiteral: StyleSheet.text))
      </style>
      </head>
      <body>
      <header>
      <h1>Does a pool of workers pay?</h1>
      <p>\(workers == 1 ? "1 worker process" : "\(workers) worker processes") on \(machine.summary)</p>
      <p>seed \("\(options.seed)")\(options.quick ? " · quick: less data and fewer runs" : "") \
      · procpool \(procpoolVersion)</p>
      \(wrong)
      </header>
      \(SummaryPicture(summary: BenchSummary(of: self), isQuick: options.quick).markup)
      \(verdict)
      <nav>\(Markup.joined(links, by: " "))</nav>
      \(Markup.joined(sections))
      </body>
      </html>

      """
    return markup.text
  }

  private static func section(
    _ report: ScenarioReport, processors: Int, isFirst: Bool, explainsTimes: Bool
  ) -> Markup {
    let charts = ScenarioCharts.markup(for: report, processors: processors)
    let figures = report.figures.map { figure -> Markup in
      "<li><b>\(figure.name)</b>: \(figure.text)</li>"
    }
    let times = report.hasTimes ? [TimeTable.note] : []
    let notes = (report.notes + times).map { note -> Markup in "<li>\(note)</li>" }
    let legend: Markup = report.hasTimes && report.name != .payload ? Self.legend : ""
    return """
      <section id="\(report.name.rawValue)">
      <h2>\(report.name.rawValue)</h2>
      <p class="lead">\(report.name.summary)</p>
      \(figures.isEmpty ? "" : "<ul class=\"figures\">\(Markup.joined(figures))</ul>" as Markup)
      \(explainsTimes ? Self.termsOfCharts : "")
      \(legend)
      \(charts)
      \(isFirst ? Self.termsOfTables : "")
      \(Markup.joined(report.tables.map(table)))
      \(notes.isEmpty ? "" : "<ul class=\"notes\">\(Markup.joined(notes))</ul>" as Markup)
      </section>
      """
  }

  private static let legend: Markup = {
    let keys = PoolActivity.allCases.map { activity -> Markup in
      "<span><i class=\"key \(activity.rawValue)\"></i>\(activity.name)</span>"
    }
    return
      """
      <p class="legend">\(Markup.joined(keys, by: " ")) <span>upper: workers, lower: coordinator,</span>
      <span>thin: a chunk's wait, of a run's time</span></p>
      """
  }()

  private static let termsOfCharts: Markup = """
    <dl class="terms">
    <div><dt>bar, thin line</dt><dd>the median of the runs, and the span from the fastest to the slowest</dd></div>
    <div><dt>strategy</dt><dd>a way to compute the case; “2 w”: on two workers</dd></div>
    <div><dt>coordinator</dt><dd>your process, which has the pool; <b>workers</b>: the processes that run its items</dd></div>
    <div><dt>item, chunk</dt><dd>one input of a call; the items that are sent in one message</dd></div>
    <div><dt>stripes</dt><dd>the time of the workers (upper) and of the coordinator (lower) by activity: \
    <b>computing</b> items; <b>encoding</b> and <b>decoding</b> values to and from bytes; <b>pipes</b>, reading and writing \
    them; <b>idle</b>, waiting. <b>queue</b>: the part of a run that a chunk waited for a worker</dd></div>
    </dl>
    """

  private static let termsOfTables: Markup = """
    <dl class="terms">
    <div><dt>spread</dt><dd>slowest run − fastest run, in per cent of the median</dd></div>
    <div><dt>speed-up</dt><dd>the factor over the plain loop of the case (serial)</dd></div>
    <div><dt>through pipes</dt><dd>bytes sent and received in messages in a run</dd></div>
    <div><dt>verified</dt><dd>whether all results of all runs were correct</dd></div>
    </dl>
    """

  /// Returns a table. On a narrow screen its rows are cards, whose cells have titles.
  private static func table(_ table: TextTable) -> Markup {
    func cell(_ text: String, _ column: Int) -> Markup {
      let isRight = table.columns[column].alignment == .right
      let kind: Markup = isRight ? " class=\"number\"" : ""
      return "<td\(kind) data-title=\"\(table.columns[column].title)\">\(text)</td>"
    }
    let head = table.columns.map { column -> Markup in
      "<th\(column.alignment == .right ? " class=\"number\"" as Markup : "")>\(column.title)</th>"
    }
    let rows = table.rows.map { row -> Markup in
      "<tr>\(Markup.joined(row.indices.map { cell(row[$0], $0) }, by: ""))</tr>"
    }
    return """
      <div class="scroll" tabindex="0"><table class="cards"><thead><tr>\(Markup.joined(head, by: ""))</tr></thead>
      <tbody>\(Markup.joined(rows))</tbody></table></div>
      """
  }
}

extension ScenarioReport {
  /// Whether any measurement on a pool has times by activity.
  fileprivate var hasTimes: Bool { measurements.contains { $0.copyingShare != nil } }
}

import ProcPool

/// The report as one page that needs nothing else: no network, no scripts, no other file.
extension BenchReport {
  /// The page, with a line break at its end.
  public var html: String {
    let sections = scenarios.map { Self.section($0, processors: machine.processors) }
    let links = scenarios.map { scenario -> Markup in
      "<a href=\"#\(scenario.name.rawValue)\">\(scenario.name.rawValue)</a>"
    }
    let sentences = Verdict.sentences(for: scenarios)
    let verdict: Markup =
      sentences.isEmpty
      ? ""
      : """
      <section class="verdict"><h2>What the figures say</h2>
      <ul>\(Markup.joined(sentences.map { "<li>\($0)</li>" }))</ul></section>
      """
    let wrong: Markup =
      wrongResults.isEmpty
      ? "<p class=\"right\">Every result that can be checked was right.</p>"
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
      <h1>Sending or sharing</h1>
      <p>\(machine.summary)</p>
      <p>\(workers) workers · seed \("\(options.seed)")\(options.quick ? " · quick: less data and fewer runs" : "") \
      · procpool \(procpoolVersion)</p>
      \(wrong)
      </header>
      \(verdict)
      <nav>\(Markup.joined(links, by: " "))</nav>
      \(Markup.joined(sections))
      </body>
      </html>

      """
    return markup.text
  }

  private static func section(_ report: ScenarioReport, processors: Int) -> Markup {
    let charts = ScenarioCharts.markup(for: report, processors: processors)
    let figures = report.figures.map { figure -> Markup in
      "<li><b>\(figure.name)</b>: \(figure.text)</li>"
    }
    let times = report.measurements.contains { $0.copyingShare != nil } ? [TimeTable.note] : []
    let notes = (report.notes + times).map { note -> Markup in "<li>\(note)</li>" }
    let legend: Markup =
      !times.isEmpty && report.name != .payload ? Self.legend : ""
    return """
      <section id="\(report.name.rawValue)">
      <h2>\(report.name.rawValue)</h2>
      <p class="lead">\(report.name.summary)</p>
      \(figures.isEmpty ? "" : "<ul class=\"figures\">\(Markup.joined(figures))</ul>" as Markup)
      \(legend)
      \(charts)
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

  private static func table(_ table: TextTable) -> Markup {
    func cell(_ name: String, _ text: String, _ column: Int) -> Markup {
      let isRight = table.columns[column].alignment == .right
      let kind: Markup = isRight ? " class=\"number\"" : ""
      let tag = Markup(stringLiteral: name)
      return "<\(tag)\(kind)>\(text)</\(tag)>"
    }
    let head = table.columns.indices.map { cell("th", table.columns[$0].title, $0) }
    let rows = table.rows.map { row -> Markup in
      "<tr>\(Markup.joined(row.indices.map { cell("td", row[$0], $0) }, by: ""))</tr>"
    }
    return """
      <div class="scroll" tabindex="0"><table><thead><tr>\(Markup.joined(head, by: ""))</tr></thead>
      <tbody>\(Markup.joined(rows))</tbody></table></div>
      """
  }
}

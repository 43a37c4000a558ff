import ProcPoolSystem

/// The summary as text, for a screen of 24 lines of 80 columns.
extension BenchSummary {
  /// The lines; empty if the run has no findings.
  func lines(_ style: TextStyle) -> [String] {
    // The same width for files and pipes, because their text is later read on a screen.
    let style = TextStyle(width: style.width ?? Self.usualWidth, hasColour: style.hasColour)
    var blocks = [caseLines(style), payloadLines(style) + otherLines(style)].filter { !$0.isEmpty }
    if !wrongResults.isEmpty {
      blocks.append(wrongResults.map { style.tinted("WRONG RESULT: \($0)", .wrong) })
    }
    guard !blocks.isEmpty else { return [] }
    let end = all.isEmpty ? [] : [style.paragraph(Self.note, after: "· ")]
    let title = style.paragraph("summary, \(headline)", after: "").split(separator: "\n").map {
      style.tinted(String($0), .title)
    }
    // Without blank lines, to save them: `→` and `·` end each table.
    return title + blocks.joined() + end
  }

  private static let usualWidth = 80

  private static let note =
    "medians; serial: a plain loop; copying: its share of busy time by message"

  /// The number of workers, and the number of cases that each kind of strategy wins.
  var headline: String {
    let (wins, ties) = score
    func counted(_ count: Int, _ noun: String) -> String { count == 1 ? "1 \(noun)" : "\(count) \(noun)s" }
    let pool = counted(workers, "worker")
    let winners = Strategy.allCases.filter { wins[$0] != nil }
    let parts = winners.map { strategy in
      strategy == winners[0]
        ? "\(strategy.rawValue) wins \(counted(wins[strategy]!, "case"))"
        : "\(strategy.rawValue) \(wins[strategy]!)"
    }
    if parts.isEmpty { return ties > 0 ? "\(pool): \(counted(ties, "case")) within noise" : pool }
    return "\(pool): " + parts.joined(separator: ", ") + (ties > 0 ? "; \(ties) within noise" : "")
  }

  // MARK: - Cases

  private func caseLines(_ style: TextStyle) -> [String] {
    var lines: [String] = []
    if !cases.isEmpty {
      let rows = caseTable(of: cases).lines(style)
      // Without the rule, to save a line.
      lines += [rows[0]] + rows.dropFirst(2)
    }
    if !productNames.isEmpty { lines.append(style.paragraph(productNames, after: "→ ")) }
    if let range = partsByMessage {
      lines.append(
        style.paragraph(
          "sent in items of one element, row or term: \(Self.text(of: range)) as long as serial", after: "→ ")
      )
    }
    return lines
  }

  /// What the products are whose names say only which index is short: `low-l: 200×10 · 10×400 matrices; …`.
  private var productNames: String {
    ["low-l", "high-l"].compactMap { name in
      cases.first { $0.scenario == .matmul && $0.label.name == name }
        // The shapes are the same in a quick run.
        .flatMap { StrategyWords.text(of: $0.scenario, $0.label, isQuick: false, items: nil) }
        .map { "\(name): \($0)" }
    }.joined(separator: "; ")
  }

  /// A row for each case.
  func caseTable(of cases: [CaseSummary]) -> TextTable {
    // The strategies' names are shown if there is room.
    var table = TextTable(columns: [
      .init(title: "case", alignment: .left), .init(title: "serial", alignment: .right),
      .init(title: "message", alignment: .right), .init(title: "shared", alignment: .right),
      .init(title: "copying", alignment: .right, rank: 1), .init(title: "fastest", alignment: .left),
      .init(title: "best by message", alignment: .left, rank: 2),
      .init(title: "best in shared memory", alignment: .left, rank: 3),
    ])
    for one in cases {
      var tints: [Int: TextStyle.Tint] = [:]
      if case .wins(let strategy, _, _) = one.outcome {
        tints[1 + (Strategy.allCases.firstIndex(of: strategy) ?? 0)] = .best
      }
      table.add(
        [shortName(of: one)] + Strategy.allCases.map { Self.time(one.seconds($0)) }
          + [
            one.copyingShare.map(Self.percent) ?? "–", Self.text(of: one.outcome),
            Self.name(one.best[.message]), Self.name(one.best[.shared]),
          ], tints: tints)
    }
    return table
  }

  /// The name of a case, with its variant only if another case has the same name.
  func shortName(of one: CaseSummary) -> String {
    if one.label.isPart { return "\(one.label)" }
    if one.scenario == .sleep { return "sleep, \(one.label.name)" }
    // The variant of the user's data is its shape, which may be long.
    if one.label.name == "own" { return one.scenario == .matmul ? "own matrices" : "own array" }
    let isUnique = cases.count { $0.label.name == one.label.name } == 1
    return isUnique ? one.label.name : "\(one.label)"
  }

  /// The outcome in three or four words.
  static func text(of outcome: CaseSummary.Outcome) -> String {
    switch outcome {
    case .unopposed(let strategy): "only \(strategy.rawValue) was measured"
    case .wins(let strategy, let factor, let next):
      "\(strategy.rawValue), \(Units.factor(factor)) over \(next.rawValue)"
    case .withinNoise(let strategies):
      strategies.count == Strategy.allCases.count
        ? "within noise: all three" : "within noise: " + strategies.map(\.rawValue).joined(separator: ", ")
    }
  }

  private static func name(_ measurement: Measurement?) -> String {
    measurement.map { "\($0.key.strategy) on \($0.key.workers)" } ?? "–"
  }

  private static func time(_ seconds: Double?) -> String { seconds.map(Units.seconds) ?? "–" }

  static func percent(_ share: Double) -> String { Units.fixed(share * 100, decimals: 0) + " %" }

  /// `13.8× to 236×`, or one factor if both ends are the same.
  static func text(of range: ClosedRange<Double>) -> String {
    let ends = [Units.factor(range.lowerBound), Units.factor(range.upperBound)]
    return ends[0] == ends[1] ? ends[0] : "\(ends[0]) to \(ends[1])"
  }

  // MARK: - Payloads

  private func payloadLines(_ style: TextStyle) -> [String] {
    guard !payloads.isEmpty else { return [] }
    let rows = payloadTable.lines(style)
    return [rows[0]] + rows.dropFirst(2) + [style.paragraph(sharingText, after: "→ ")]
  }

  /// One column per size: three fewer lines than one row per size, and the trend is visible in a
  /// row.
  var payloadTable: TextTable {
    var table = TextTable(
      columns: [.init(title: "payload", alignment: .left)]
        + payloads.map { .init(title: $0.label.name, alignment: .right) })
    table.add(["message"] + payloads.map { Self.time($0.seconds(.message)) })
    table.add(["shared"] + payloads.map { Self.time($0.seconds(.shared)) })
    table.add(["shared is"] + payloads.map(Self.gain))
    return table
  }

  /// Returns the speed of sharing relative to sending, or `noise`.
  private static func gain(_ one: CaseSummary) -> String {
    guard let factor = one.speed(of: .shared, over: .message) else { return "–" }
    return one.isTie(.shared, .message) ? "noise" : Units.factor(factor)
  }

  /// The size from which sharing pays, and the share of time that copying took when payloads were
  /// sent.
  var sharingText: String {
    let threshold =
      sharingThreshold.map(\.text) ?? "the size from which sharing pays needs more than one size"
    let shares = payloads.compactMap(\.copyingShare)
    guard let least = shares.min(), let most = shares.max() else { return threshold }
    let copying =
      Self.percent(least) == Self.percent(most)
      ? Self.percent(most) : "\(Self.percent(least)) to \(Self.percent(most))"
    return "\(threshold); copying \(copying)"
  }

  // MARK: - The rest

  private func otherLines(_ style: TextStyle) -> [String] {
    let titles = others.map { Self.title(of: $0.scenario) }
    let width = titles.reduce(0) { max($0, $1.count) }
    return zip(titles, others).map { title, other in
      let space = String(repeating: " ", count: width - title.count + 2)
      return style.paragraph(other.text, after: title + space)
    }
  }

  /// Returns the scenario's name, or what its figures measure.
  static func title(of scenario: ScenarioName) -> String {
    scenario == .overhead ? "per item" : scenario.rawValue
  }
}

extension BenchReport {
  /// The summary on one screen; `nil` if nothing was measured.
  public func summary(_ style: TextStyle = .plain) -> String? {
    let lines = BenchSummary(of: self).lines(style)
    return lines.isEmpty ? nil : lines.joined(separator: "\n") + "\n"
  }
}

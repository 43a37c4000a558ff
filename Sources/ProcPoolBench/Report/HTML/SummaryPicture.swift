/// The summary at the top of the page: the fastest strategy of each case, as a chart and as a
/// table.
struct SummaryPicture {
  let summary: BenchSummary
  let isQuick: Bool

  /// The markup; empty if nothing was measured.
  var markup: Markup {
    guard !summary.isEmpty else { return "" }
    return """
      <section class="summary">
      \(headline)
      \(panels)
      \(others)
      \(table)
      </section>
      """
  }

  // MARK: - In words

  private var headline: Markup {
    var lines: [Markup] = []
    if !summary.cases.isEmpty {
      lines.append("<h2>\(score)</h2>")
    }
    if let threshold = summary.sharingThreshold {
      lines.append("<p class=\"threshold\">For one payload sent to a worker and back, \(threshold.text).</p>")
    }
    if let range = summary.partsByMessage {
      lines.append(
        """
        <p class="threshold">Work sent in items of one element, row or term took \(BenchSummary.text(of: range)) as long \
        as a plain loop.</p>
        """)
    }
    if lines.isEmpty { lines.append("<h2>Summary</h2>") }
    return Markup.joined(lines)
  }

  /// `Of 9 cases, a plain loop won 5 and shared memory 2; 2 are within noise.`
  private var score: String {
    let (wins, ties) = summary.score
    let count = summary.cases.count
    let ranking = Strategy.allCases.filter { wins[$0] ?? 0 > 0 }.sorted { wins[$0]! > wins[$1]! }
    var parts = ranking.map { "\($0.name) \(wins[$0]!)" }
    if let first = ranking.first { parts[0] = "\(first.name) won \(wins[first]!)" }
    var text = "Of \(count == 1 ? "1 case" : "\(count) cases"), "
    text += parts.isEmpty ? "none has a clear winner" : Self.list(parts)
    if ties > 0 { text += "; \(ties == 1 ? "1 is" : "\(ties) are") within noise" }
    return text + "."
  }

  private static func list(_ parts: [String]) -> String {
    guard parts.count > 1 else { return parts.joined() }
    return parts.dropLast().joined(separator: ", ") + " and " + parts[parts.count - 1]
  }

  private var others: Markup {
    guard !summary.others.isEmpty else { return "" }
    let entries = summary.others.map { scenario, text -> Markup in
      """
      <div><dt><a href="#\(scenario.rawValue)">\(BenchSummary.title(of: scenario))</a></dt>\
      <dd>\(text)<small>\(scenario.summary)</small></dd></div>
      """
    }
    return "<dl class=\"others\">\(Markup.joined(entries))</dl>"
  }

  // MARK: - The picture

  private var panels: Markup {
    var panels: [Markup] = []
    let compared = summary.cases.filter { $0.best[.serial] != nil }
    if !compared.isEmpty {
      panels.append(
        """
        <figure class="speeds">
        <figcaption>Speed, against a plain loop<small>longer is faster; a bar that ends before the line is slower than \
        a plain loop</small></figcaption>
        <p class="legend"><span><i class="key serial"></i>plain loop: one process, no pool</span> \
        <span><i class="key message"></i>messages: workers are sent their data</span> \
        <span><i class="key shared"></i>shared memory: workers read it in place</span> \
        <span><i class="key tie"></i>within noise: too close to tell</span> \
        <span><i class="key"></i>copying: serialisation’s share of busy time, with messages</span></p>
        \(chart(compared, [.message, .shared], against: .serial))
        </figure>
        """)
    }
    let payloads = summary.payloads.filter { $0.best[.message] != nil && $0.best[.shared] != nil }
    if !payloads.isEmpty {
      panels.append(
        """
        <figure class="speeds payloads">
        <figcaption>Speed of sharing, against a message<small>round trip of one payload, by size; longer is \
        faster</small></figcaption>
        \(chart(payloads, [.shared], against: .message))
        </figure>
        """)
    }
    return panels.isEmpty ? "" : "<div class=\"panels\">\(Markup.joined(panels))</div>"
  }

  private func chart(_ cases: [CaseSummary], _ strategies: [Strategy], against base: Strategy) -> Markup {
    let speeds = cases.flatMap { one in strategies.compactMap { one.speed(of: $0, over: base) } }
    let scale = SpeedScale(speeds)
    let rows = cases.map { one -> Markup in
      let lanes = strategies.compactMap { strategy -> Markup? in
        guard let speed = one.speed(of: strategy, over: base), let seconds = one.seconds(strategy) else {
          return nil
        }
        let isTie = one.isTie(strategy, base)
        return """
          <div class="lane \(strategy.rawValue)\(isTie ? " tie" : "")"><div class="rail"><i style="width:\(scale.position(speed))%"></i></div>\
          <span class="pace"><b>\(Self.pace(speed, isTie: isTie))</b> \(Units.seconds(seconds))</span></div>
          """
      }
      return """
        <div class="speed"><div class="what"><b>\(base == .serial ? summary.shortName(of: one) : one.label.name)</b>\
        \(base == .serial ? verdict(one) : "")</div>
        <div class="lanes">\(Markup.joined(lanes, by: ""))</div></div>
        """
    }
    let ticks = scale.ticks.map { tick -> Markup in
      "<span style=\"left:\(scale.position(tick))%\"\(tick == 1 ? " class=\"base\"" as Markup : "")>\(tick == 1 ? Self.baseName(base) : Units.fixed(tick, decimals: 0) + "×")</span>"
    }
    return """
      <div class="race" style="--base:\(scale.position(1))%">
      <div class="speed ruler" aria-hidden="true"><div class="what"></div><div class="lanes"><div class="lane"><div class="ticks">\
      \(Markup.joined(ticks, by: ""))</div><span class="pace"></span></div></div></div>
      \(Markup.joined(rows))
      </div>
      """
  }

  private static func baseName(_ strategy: Strategy) -> String {
    strategy == .serial ? "plain loop" : "message"
  }

  /// Returns the description of a case, its copying share, and the fastest strategy.
  private func verdict(_ one: CaseSummary) -> Markup {
    let parts = [words(one), one.copyingShare.map { "copying\u{A0}\(Self.percent($0))" }].compactMap(
      \.self)
    let words: Markup = parts.isEmpty ? "" : "<small>\(parts.joined(separator: "; "))</small>"
    switch one.outcome {
    case .unopposed: return words
    case .wins(let strategy, let factor, _):
      return words
        + "<small class=\"winner \(strategy.rawValue)\">\(strategy.wins), \(Units.factor(factor))</small>"
    case .withinNoise(let strategies):
      let names = strategies.map(\.shortName).joined(separator: ", ")
      return words + "<small class=\"winner\">within noise: \(names)</small>"
    }
  }

  /// Returns a share in percent that does not break across lines.
  private static func percent(_ share: Double) -> String {
    BenchSummary.percent(share).replacing(" ", with: "\u{A0}")
  }

  private func words(_ one: CaseSummary) -> String? {
    let items = Strategy.allCases.lazy.compactMap { one.best[$0]?.items }.first
    return StrategyWords.text(of: one.scenario, one.label, isQuick: isQuick, items: items)
  }

  /// `2.1× faster`, `12× slower`, or `within noise`.
  static func pace(_ speed: Double, isTie: Bool) -> String {
    if isTie { return "within noise" }
    return speed >= 1 ? "\(Units.factor(speed)) faster" : "\(Units.factor(1 / speed)) slower"
  }

  // MARK: - The table

  private var table: Markup {
    guard !summary.all.isEmpty else { return "" }
    let titles = ["case", "plain loop", "best by message", "best in shared memory", "copying", "fastest"]
    let head = titles.map { title -> Markup in "<th>\(title)</th>" }
    let rows = summary.all.map { one -> Markup in
      let cells = Strategy.allCases.enumerated().map { index, strategy -> Markup in
        "<td data-title=\"\(titles[index + 1])\">\(cell(one, strategy))</td>"
      }
      let name: Markup = one.scenario == .payload ? "payload, \(one.label.name)" : "\("\(one.label)")"
      return """
        <tr><td><b>\(name)</b></td>\(Markup.joined(cells, by: ""))\
        <td data-title="copying">\(one.copyingShare.map(Self.percent) ?? "–")</td>\
        <td data-title="fastest">\(fastest(one))</td></tr>
        """
    }
    return """
      <details class="cases"><summary>All cases as a table, with the best strategy of each kind</summary>
      <div class="scroll"><table class="cards"><thead><tr>\(Markup.joined(head, by: ""))</tr></thead>
      <tbody>\(Markup.joined(rows))</tbody></table></div>
      <ul class="notes">
      <li>Times are medians per run, for payloads per round trip. “–”: not measured.</li>
      <li>copying: the share of busy time that serialisation (encoding, pipes and decoding) took in the best strategy \
      by message.</li>
      <li>within noise: the runs of the fastest and of the next overlap, or their medians are so close that another run \
      could reverse their order.</li>
      </ul></details>
      """
  }

  private func cell(_ one: CaseSummary, _ strategy: Strategy) -> Markup {
    guard let measurement = one.best[strategy], let seconds = one.seconds(strategy) else { return "–" }
    guard strategy != .serial else { return "\(Units.seconds(seconds))" }
    let words = StrategyWords.text(of: measurement.key) ?? measurement.key.strategy
    let workers = measurement.key.workers
    return
      "\(Units.seconds(seconds)) <small>\(words), \(workers == 1 ? "1\u{A0}worker" : "\(workers)\u{A0}workers")</small>"
  }

  private func fastest(_ one: CaseSummary) -> Markup {
    switch one.outcome {
    case .unopposed: return "only one strategy measured"
    case .wins(let strategy, let factor, let next):
      return
        "<b class=\"winner \(strategy.rawValue)\">\(strategy.shortName)</b>, \(Units.factor(factor)) as fast as \(next.shortName)"
    case .withinNoise(let strategies):
      return "within noise: \(strategies.map(\.shortName).joined(separator: ", "))"
    }
  }
}

extension Strategy {
  /// The name in a label.
  var shortName: String {
    switch self {
    case .serial: "plain loop"
    case .message: "messages"
    case .shared: "shared memory"
    }
  }

  /// The name with its verb.
  fileprivate var wins: String { shortName + (self == .message ? " win" : " wins") }
}

/// A scale of speeds that begins at zero, so that the lengths of bars are comparable.
struct SpeedScale {
  /// The speed at the right end, greater than the base, so that the base line is visible.
  let top: Double

  init(_ speeds: [Double]) { top = max(1.25, speeds.max() ?? 1) }

  /// Returns the position of a speed, from 0 to 100.
  func position(_ speed: Double) -> Double { min(100, max(0, 100 * speed / top)) }

  /// The labelled speeds: the base, and whole multiples of it that are far enough apart.
  var ticks: [Double] {
    let step = [2.0, 5, 10, 20, 50, 100, 200, 500].first { $0 >= top / 3 } ?? (top / 3).rounded(.up)
    // On a phone the base label takes half the width of the chart, and is centred on its line.
    let multiples = stride(from: step, through: top, by: step).filter { position($0) - position(1) > 45 }
    return [1] + multiples
  }
}

/// The results of one scenario.
public struct ScenarioReport: Sendable {
  let name: ScenarioName
  let measurements: [Measurement]

  /// Findings other than the times of strategies.
  var figures: [Figure] = []

  /// Notes below the tables.
  let notes: [String]

  /// Returns the report as text: a title, the tables, the figures and the notes.
  public func text(_ style: TextStyle = .plain) -> String {
    var lines = [style.tinted(name.rawValue, .title)] + table(hasBars: true).lines(style)
    if let scaling = ScalingTable.make(from: measurements) { lines += [""] + scaling.lines(style) }
    if let times = TimeTable.make(from: measurements) {
      lines += [""] + times.lines(style) + [style.paragraph(TimeTable.note, after: "· ")]
    }
    lines += figures.map { style.paragraph("\($0.name): \($0.text)", after: "→ ") }
    lines += notes.map { style.paragraph($0, after: "· ") }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The tables of measurements, scaling, and time by activity.
  var tables: [TextTable] {
    [table(hasBars: false), ScalingTable.make(from: measurements), TimeTable.make(from: measurements)]
      .compactMap(\.self)
  }

  private func table(hasBars: Bool) -> TextTable {
    let cells = measurements.map(cells(for:))
    // Columns without any value are left out.
    let shown = Self.columns.indices.filter { index in
      (hasBars || Self.columns[index].title != Self.bar) && cells.contains { $0[index] != Self.nothing }
    }
    var table = TextTable(columns: shown.map { Self.columns[$0] })
    for (index, row) in cells.enumerated() {
      let repeatsCase = index > 0 && row[0] == cells[index - 1][0]
      var tints: [Int: TextStyle.Tint] = [:]
      for (place, column) in shown.enumerated() {
        switch Self.columns[column].title {
        case Self.bar where relativeSpeed(of: measurements[index]) == 1: tints[place] = .best
        case Self.verified where measurements[index].verified == false: tints[place] = .wrong
        default: break
        }
      }
      table.add(shown.map { $0 == 0 && repeatsCase ? "" : row[$0] }, tints: tints)
    }
    return table
  }

  private static let nothing = "–"
  private static let bar = "relative speed"
  private static let verified = "verified"

  private static let columns: [TextTable.Column] = [
    .init(title: "case", alignment: .left), .init(title: "strategy", alignment: .left),
    .init(title: "workers", alignment: .right, rank: 2), .init(title: "median", alignment: .right),
    .init(title: bar, alignment: .left, rank: 1), .init(title: "spread", alignment: .right, rank: 5),
    .init(title: "speed-up", alignment: .right, rank: 3),
    .init(title: "per item", alignment: .right, rank: 4),
    .init(title: "items/s", alignment: .right, rank: 6),
    .init(title: "through pipes", alignment: .right, rank: 7),
    .init(title: "bytes/s", alignment: .right, rank: 8),
    .init(title: verified, alignment: .left),
  ]

  private func cells(for measurement: Measurement) -> [String] {
    let key = measurement.key
    let statistics = measurement.statistics
    let bytes = Double(measurement.bytesSent + measurement.bytesReceived)
    return [
      "\(key.label)", key.strategy, key.workers == 0 ? Self.nothing : String(key.workers),
      Units.seconds(statistics.median),
      relativeSpeed(of: measurement).map { TextStyle.bar($0, length: Self.bar.count) } ?? Self.nothing,
      Units.fixed(statistics.spread * 100, decimals: 0) + " %",
      speedup(of: measurement).map(Units.factor) ?? Self.nothing,
      measurement.itemsPerSecond.map { Units.seconds(1 / $0) } ?? Self.nothing,
      measurement.itemsPerSecond.map(Units.count) ?? Self.nothing,
      bytes > 0 ? Units.bytes(bytes) : Self.nothing,
      bytes > 0 ? Units.bytes(bytes / statistics.median) : Self.nothing,
      measurement.verified.map { $0 ? "yes" : "NO" } ?? Self.nothing,
    ]
  }

  /// Returns the speed relative to the fastest strategy of the case; `nil` if there is no other
  /// strategy.
  private func relativeSpeed(of measurement: Measurement) -> Double? {
    let times = measurements.filter { $0.key.label == measurement.key.label }.map(comparedTime)
    guard times.count > 1, let best = times.min(), comparedTime(measurement) > 0 else { return nil }
    return best / comparedTime(measurement)
  }

  private func comparedTime(_ measurement: Measurement) -> Double {
    measurement.statistics.median / measurement.comparedUnits
  }

  /// Returns the speed-up over the serial strategy of the same case; `nil` if there is none.
  func speedup(of measurement: Measurement) -> Double? {
    let serial = measurements.first {
      $0.key.label == measurement.key.label && $0.key.strategy == Measurement.serial
    }
    guard let serial, serial != measurement, measurement.statistics.median > 0 else { return nil }
    return serial.statistics.median / measurement.statistics.median
  }
}

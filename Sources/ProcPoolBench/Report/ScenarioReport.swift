/// What one scenario found, ready to be printed.
public struct ScenarioReport: Sendable {
  let name: ScenarioName
  let measurements: [Measurement]

  /// What was found besides the times of strategies.
  var figures: [Figure] = []

  /// What a reader of the table has to know.
  let notes: [String]

  /// The report as text: a title, the tables, the notes.
  public var text: String {
    var lines = [name.rawValue] + table.lines()
    if let scaling = ScalingTable.make(from: measurements) { lines += [""] + scaling.lines() }
    if let times = TimeTable.make(from: measurements) {
      lines += [""] + times.lines() + ["· " + TimeTable.note]
    }
    lines += figures.map { "→ \($0.name): \($0.text)" }
    lines += notes.map { "· " + $0 }
    return lines.joined(separator: "\n") + "\n"
  }

  var table: TextTable {
    let cells = measurements.map(cells(for:))
    // A column that says nothing about any row is left out.
    let shown = Self.columns.indices.filter { index in cells.contains { $0[index] != Self.nothing } }
    var table = TextTable(columns: shown.map { Self.columns[$0] })
    for (index, row) in cells.enumerated() {
      let repeatsCase = index > 0 && row[0] == cells[index - 1][0]
      table.add(shown.map { $0 == 0 && repeatsCase ? "" : row[$0] })
    }
    return table
  }

  private static let nothing = "–"

  private static let columns: [TextTable.Column] = [
    .init(title: "case", alignment: .left), .init(title: "strategy", alignment: .left),
    .init(title: "workers", alignment: .right), .init(title: "median", alignment: .right),
    .init(title: "spread", alignment: .right), .init(title: "speed-up", alignment: .right),
    .init(title: "per item", alignment: .right), .init(title: "items/s", alignment: .right),
    .init(title: "through pipes", alignment: .right), .init(title: "bytes/s", alignment: .right),
    .init(title: "verified", alignment: .left),
  ]

  private func cells(for measurement: Measurement) -> [String] {
    let key = measurement.key
    let statistics = measurement.statistics
    let bytes = Double(measurement.bytesSent + measurement.bytesReceived)
    return [
      "\(key.label)", key.strategy, key.workers == 0 ? Self.nothing : String(key.workers),
      Units.seconds(statistics.median), Units.fixed(statistics.spread * 100, decimals: 0) + " %",
      speedup(of: measurement).map(Units.factor) ?? Self.nothing,
      measurement.itemsPerSecond.map { Units.seconds(1 / $0) } ?? Self.nothing,
      measurement.itemsPerSecond.map(Units.count) ?? Self.nothing,
      bytes > 0 ? Units.bytes(bytes) : Self.nothing,
      bytes > 0 ? Units.bytes(bytes / statistics.median) : Self.nothing,
      measurement.verified.map { $0 ? "yes" : "NO" } ?? Self.nothing,
    ]
  }

  /// How many times faster than the serial strategy of the same case; `nil` where there is none.
  func speedup(of measurement: Measurement) -> Double? {
    let serial = measurements.first {
      $0.key.label == measurement.key.label && $0.key.strategy == Measurement.serial
    }
    guard let serial, serial != measurement, measurement.statistics.median > 0 else { return nil }
    return serial.statistics.median / measurement.statistics.median
  }
}

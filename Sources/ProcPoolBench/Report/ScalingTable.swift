/// A table of the seconds that each strategy takes on different numbers of workers.
enum ScalingTable {
  /// Returns a table with a row for each case and strategy that was measured on several numbers of
  /// workers; `nil` if there is none.
  static func make(from measurements: [Measurement]) -> TextTable? {
    var rows: [(label: CaseLabel, strategy: String, times: [Int: Double])] = []
    for measurement in measurements where measurement.key.workers > 0 {
      let key = measurement.key
      let index =
        rows.firstIndex { $0.label == key.label && $0.strategy == key.strategy }
        ?? {
          rows.append((key.label, key.strategy, [:]))
          return rows.count - 1
        }()
      rows[index].times[key.workers] = measurement.statistics.median
    }
    rows.removeAll { $0.times.count < 2 }
    guard !rows.isEmpty else { return nil }
    let counts = Set(rows.flatMap(\.times.keys)).sorted()
    var table = TextTable(
      columns: [.init(title: "scaling", alignment: .left), .init(title: "strategy", alignment: .left)]
        + counts.map { .init(title: $0 == 1 ? "1 worker" : "\($0) workers", alignment: .right) })
    for row in rows {
      table.add(["\(row.label)", row.strategy] + counts.map { row.times[$0].map(Units.seconds) ?? "–" })
    }
    return table
  }
}

import ProcPool

/// The time of strategies on a pool by activity, in per cent.
enum TimeTable {
  private static let columns: [TextTable.Column] =
    [.init(title: "where the time went", alignment: .left), .init(title: "strategy", alignment: .left)]
    + [
      ("workers", 3), ("c. encode", 4), ("c. pipes", 5), ("c. decode", 8), ("w. wait", 1), ("w. pipes", 2),
      ("w. decode", 6), ("w. run", 0), ("w. encode", 9), ("copying", 0), ("copied/item", 7),
      ("queued/chunk", 10),
    ].map { .init(title: $0, alignment: .right, rank: $1) }

  static let note =
    "c. and w.: shares of the coordinator's and the workers' time. A process that waits for a processor counts as "
    + "busy. copying: the share of all busy time that encoding, pipes and decoding took."

  /// A row for each measurement on a pool; `nil` if there is none.
  static func make(from measurements: [Measurement]) -> TextTable? {
    var table = TextTable(columns: columns)
    var label: CaseLabel?
    for measurement in measurements {
      guard let copying = measurement.copyingShare else { continue }
      let key = measurement.key
      let spent = measurement.spent
      let total = measurement.seconds.reduce(0, +)
      let workers = spent.workers.busy + spent.workers.waiting
      func ofRun(_ duration: Duration) -> String { percent(duration / .seconds(1) / total) }
      func ofWorkers(_ duration: Duration) -> String { workers > .zero ? percent(duration / workers) : "–" }
      let coordinator = spent.coordinator
      table.add([
        key.label == label ? "" : "\(key.label)", key.strategy, String(key.workers),
        ofRun(coordinator.encoding), ofRun(coordinator.reading + coordinator.writing),
        ofRun(coordinator.decoding),
        ofWorkers(spent.workers.waiting), ofWorkers(spent.workers.reading + spent.workers.writing),
        ofWorkers(spent.workers.decoding), ofWorkers(spent.workers.running),
        ofWorkers(spent.workers.encoding),
        percent(copying), measurement.bytesCopiedPerItem.map(Units.bytes) ?? "–",
        spent.chunksSent > 0 ? Units.seconds(spent.queued / .seconds(1) / Double(spent.chunksSent)) : "–",
      ])
      label = key.label
    }
    return table.rows.isEmpty ? nil : table
  }

  private static func percent(_ share: Double) -> String { Units.fixed(share * 100, decimals: 0) + " %" }
}

import ProcPool
import ProcPoolSystem

/// The measurements as comma-separated values, for a spreadsheet.
extension BenchReport {
  /// A line of titles, and a line for each measurement. Times are in seconds, sizes in bytes.
  /// Missing values are empty.
  public var csv: String {
    let titles = [
      "scenario", "case", "variant", "strategy", "workers", "runs", "min_s", "median_s", "max_s", "items",
      "items_per_s", "bytes_sent", "bytes_received", "bytes_copied", "copying_share", "workers_waiting_s",
      "workers_running_s", "verified",
    ]
    let lines = scenarios.flatMap(\.measurements).map(Self.values)
    return ([titles] + lines).map { $0.map(Self.escaped).joined(separator: ",") + "\n" }.joined()
  }

  private static func values(of measurement: Measurement) -> [String] {
    let (key, statistics) = (measurement.key, measurement.statistics)
    let runs = Double(max(1, measurement.seconds.count))
    let isOnPool = measurement.copyingShare != nil
    func perRun(_ duration: Duration) -> String { isOnPool ? "\(duration / .seconds(1) / runs)" : "" }
    return [
      key.scenario.rawValue, key.label.name, key.label.variant, key.strategy, "\(key.workers)",
      "\(measurement.seconds.count)", "\(statistics.min)", "\(statistics.median)", "\(statistics.max)",
      measurement.items.map(String.init) ?? "", measurement.itemsPerSecond.map { "\($0)" } ?? "",
      "\(measurement.bytesSent)", "\(measurement.bytesReceived)", "\(measurement.bytesCopied)",
      measurement.copyingShare.map { "\($0)" } ?? "", perRun(measurement.spent.workers.waiting),
      perRun(measurement.spent.workers.running), measurement.verified.map { $0 ? "true" : "false" } ?? "",
    ]
  }

  /// Quotes a value as RFC 4180 specifies. Compares bytes, because a combining accent after a
  /// quotation mark would form another character.
  static func escaped(_ value: String) -> String {
    let value = value.visible(keepingLines: true)
    guard
      value.utf8.contains(where: { [UInt8(ascii: ","), UInt8(ascii: "\""), UInt8(ascii: "\n")].contains($0) })
    else { return value }
    return "\"" + value.unicodeScalars.map { $0 == "\"" ? "\"\"" : String($0) }.joined() + "\""
  }
}

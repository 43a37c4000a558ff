/// The results about sending and sharing, in words.
///
/// Sharing is compared with the best strategy that sends, including *rows-b-once*, rather than with
/// a deliberately weak one.
enum Verdict {
  /// Returns a sentence or two for each case that was computed both ways, and one about the size
  /// from which sharing pays.
  static func sentences(for reports: [ScenarioReport]) -> [String] {
    var sentences: [String] = []
    for report in reports where [.matmul, .partialSums].contains(report.name) {
      var labels: [CaseLabel] = []
      for measurement in report.measurements where !labels.contains(measurement.key.label) {
        labels.append(measurement.key.label)
      }
      for label in labels {
        let measured = report.measurements.filter { $0.key.label == label }
        if let sentence = sentence(for: label, measured) { sentences.append(sentence) }
        if let sentence = copying(for: label, measured) { sentences.append(sentence) }
      }
    }
    for figure in reports.filter({ $0.name == .payload }).flatMap(\.figures) where figure.name == "crossover"
    {
      sentences.append("Round trip of a payload by apply: \(figure.text).")
    }
    return sentences
  }

  private static func sentence(for label: CaseLabel, _ measurements: [Measurement]) -> String? {
    guard let scenario = measurements.first?.key.scenario,
      let summary = CaseSummary(scenario, label, measurements), let sent = summary.best[.message],
      let shared = summary.best[.shared]
    else { return nil }
    let isSent = median(sent) < median(shared)
    let onPool = isSent ? sent : shared
    var text = "\(label): "
    if let serial = summary.best[.serial] {
      let factor = median(serial) / median(onPool)
      text +=
        isClose(factor)
        ? "\(name(onPool)) took as long as the serial loop"
        : summary.isTie(.serial, isSent ? .message : .shared)
          ? "\(name(onPool)) and the serial loop are within noise of each other"
          : factor > 1
            ? "\(name(onPool)) won, \(Units.factor(factor)) as fast as the serial loop"
            : "the serial loop won, \(Units.factor(1 / factor)) as fast as the best on a pool, \(name(onPool))"
      text += "; "
    }
    let gain = median(sent) / median(shared)
    text +=
      isClose(gain)
      ? "sharing (\(name(shared))) and sending (\(name(sent))) took the same time."
      : summary.isTie(.message, .shared)
        ? "sharing (\(name(shared))) and sending (\(name(sent))) are within noise of each other."
        : gain > 1
          ? "sharing (\(name(shared))) was \(Units.factor(gain)) as fast as the best that sends, \(name(sent))."
          : "sending (\(name(sent))) was \(Units.factor(1 / gain)) as fast as the best that shares, \(name(shared))."
    return text
  }

  /// Returns a sentence about the sending strategy that spent the most time copying.
  private static func copying(for label: CaseLabel, _ measurements: [Measurement]) -> String? {
    let worst = measurements.filter { Strategy(of: $0.key) == .message }
      .max { $0.copyingShare ?? 0 < $1.copyingShare ?? 0 }
    guard let worst, let share = worst.copyingShare, share >= leastCopying else { return nil }
    return
      "\(label): \(Units.fixed(share * 100, decimals: 0)) % of the busy time of \(name(worst)) was copying"
      + (worst.bytesCopiedPerItem.map { ", \(Units.bytes($0)) per item." } ?? ".")
  }

  /// The minimum share of copying to mention: below half, copying is not the main cost.
  private static let leastCopying = 0.5

  /// Whether two medians are so close that their difference may be noise of a shared machine.
  private static func isClose(_ ratio: Double) -> Bool { (0.9...1.1).contains(ratio) }

  private static func median(_ measurement: Measurement) -> Double { measurement.statistics.median }

  private static func name(_ measurement: Measurement) -> String {
    let workers = measurement.key.workers
    return "\(measurement.key.strategy) on \(workers == 1 ? "1 worker" : "\(workers) workers")"
  }
}

/// One line of the summary for each scenario that compares no strategies.
enum OtherFigures {
  /// - Returns: `nil` without usable measurements.
  static func text(for report: ScenarioReport) -> String? {
    let found = Found(report)
    switch report.name {
    case .overhead, .growth: return found.itemTimes
    case .locks: return found.locks
    case .spawn: return found.spawn
    case .recycling: return found.recycling
    case .uneven: return found.uneven
    case .matmul, .partialSums, .payload, .sleep: return nil
    }
  }

  private struct Found {
    let measurements: [Measurement]
    let figures: [Figure]

    init(_ report: ScenarioReport) {
      measurements = report.measurements.filter(\.isUsable)
      figures = report.figures
    }

    private func measurement(_ name: String, _ strategy: String) -> Measurement? {
      measurements.first { $0.key.label.name == name && $0.key.strategy == strategy }
    }

    private func itemTime(_ measurement: Measurement?) -> String? {
      measurement?.itemsPerSecond.map { Units.seconds(1 / $0) }
    }

    /// The time per item in each case, of the fastest strategy.
    var itemTimes: String? {
      var best: [(label: CaseLabel, measurement: Measurement)] = []
      for measurement in measurements {
        guard let rate = measurement.itemsPerSecond else { continue }
        if let index = best.firstIndex(where: { $0.label == measurement.key.label }) {
          if rate > best[index].measurement.itemsPerSecond ?? 0 { best[index].measurement = measurement }
        } else {
          best.append((measurement.key.label, measurement))
        }
      }
      let times = best.compactMap { label, measurement in
        itemTime(measurement).map { time in
          "\(label) \(time)"
            + (measurement.key.strategy == "automatic" ? "" : " (\(measurement.key.strategy))")
        }
      }
      return times.isEmpty ? nil : times.joined(separator: ", ")
    }

    var locks: String? {
      let name = measurement("contended", "lock") == nil ? "uncontended" : "contended"
      let costs = ["lock", "atomic"].compactMap { strategy in
        itemTime(measurement(name, strategy)).map { "\(strategy) \($0)" }
      }
      var parts = costs.isEmpty ? [] : ["an addition: " + costs.joined(separator: ", ")]
      if let lost = figures.first(where: { $0.name == "lost updates" })?.value,
        let all = measurement("race", "nothing")?.items, all > 0
      {
        parts.append(
          lost == 0
            ? "without either, none happened to be lost"
            : "without either, \(Units.fixed(lost / Double(all) * 100, decimals: 0)) % lost")
      }
      return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }

    var spawn: String? {
      measurements.max { $0.key.workers < $1.key.workers }.map { measurement in
        let count = measurement.key.workers
        return "\(count == 1 ? "1 worker has" : "\(count) workers have") answered after "
          + Units.seconds(measurement.statistics.median)
      }
    }

    var recycling: String? {
      let speeds = ["sleeping", "computing"].compactMap { name -> String? in
        guard let all = measurement(name, "one-process")?.itemsPerSecond,
          let some = measurement(name, "25-items-each")?.itemsPerSecond
        else { return nil }
        return "\(name) \(Units.fixed(some / all * 100, decimals: 0)) %"
      }
      var parts = speeds.isEmpty ? [] : [speeds.joined(separator: ", ") + " of full speed"]
      if let death = measurement("death", "cold") {
        parts.append("a death costs \(Units.seconds(death.statistics.median))")
      }
      return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }

    var uneven: String? {
      let ratios = ["mandelbrot", "log-normal"].compactMap { name in
        figures.first { $0.name == "uneven-\(name)" }?.value.map { ratio in
          "\(name) \(Units.fixed((ratio - 1) * 100, decimals: 1)) %"
        }
      }
      return ratios.isEmpty ? nil : ratios.joined(separator: ", ") + " over the best possible schedule"
    }
  }
}

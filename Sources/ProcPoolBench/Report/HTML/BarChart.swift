import Glibc
import ProcPool

/// The strategies of one case in comparison: the time of each on a logarithmic scale, and the time
/// of coordinator and workers by activity.
struct BarChart: Sendable {
  let label: CaseLabel
  /// The measurements of one case, at least one.
  let measurements: [Measurement]

  /// Returns the minimum, median and maximum time of a measurement.
  private func times(_ measurement: Measurement) -> (min: Double, median: Double, max: Double) {
    let statistics = measurement.statistics
    let units = measurement.comparedUnits
    return (statistics.min / units, statistics.median / units, statistics.max / units)
  }

  /// The exponents of ten at both ends of the scale, which begins with a power of ten.
  var exponents: ClosedRange<Double> {
    let all = measurements.map(times)
    let least = max(1e-12, all.map(\.min).min() ?? 1)
    let greatest = max(least, all.map(\.max).max() ?? 1)
    // Slightly below the fastest time, so that its bar has a length.
    let low = (log10(least) - 0.15).rounded(.down)
    return low...max(low + 1, log10(greatest))
  }

  private func position(exponent: Double) -> Double {
    let range = exponents
    return min(100, max(0, 100 * (exponent - range.lowerBound) / (range.upperBound - range.lowerBound)))
  }

  /// Returns the position of a time on the scale, from 0 to 100.
  func position(_ seconds: Double) -> Double { position(exponent: log10(max(seconds, 1e-12))) }

  var markup: Markup {
    let best = measurements.min { times($0).median < times($1).median }
    let hasSplit = measurements.contains { $0.copyingShare != nil }
    let range = exponents
    let powers = Array(Int(range.lowerBound)...Int(range.upperBound.rounded(.down)))
    // Every power has a line. A narrow screen has room for five numbers.
    let step = max(1, (powers.count + 4) / 5)
    let ticks = powers.indices.filter { $0 % step == 0 }.map { index -> Markup in
      let exponent = powers[index]
      return "<span style=\"left:\(position(exponent: Double(exponent)))%\">\(Self.power(exponent))</span>"
    }
    let rows = measurements.map { row($0, isBest: measurements.count > 1 && $0 == best, hasSplit) }
    return """
      <figure class="bars" style="--decades:\(range.upperBound - range.lowerBound)">
      <figcaption>\("\(label)")<small>\(measurements[0].key.scenario.comparesItems ? "time of an item" : "time of a run"), logarithmic\
      \(hasSplit ? "; time of workers and coordinator by activity" : "")</small></figcaption>
      \(Markup.joined(rows))
      <div class="row axis\(hasSplit ? "" : " plain")" aria-hidden="true"><span></span><div class="scale">\(Markup.joined(ticks, by: ""))</div>\
      \(hasSplit ? "<span></span>" as Markup : "")</div>
      </figure>
      """
  }

  private func row(_ measurement: Measurement, isBest: Bool, _ hasSplit: Bool) -> Markup {
    let times = times(measurement)
    let workers = measurement.key.workers
    let words = StrategyWords.text(of: measurement.key).map { text -> Markup in
      "<small class=\"words\">\(text)</small>"
    }
    let name: Markup =
      "\(measurement.key.strategy)\(workers > 0 ? "<small>\(workers)&nbsp;w</small>" as Markup : "")\(words ?? "")"
    let range: Markup =
      times.max > times.min
      ? "<i class=\"range\" style=\"left:\(position(times.min))%;width:\(position(times.max) - position(times.min))%\"></i>"
      : ""
    let wrong: Markup = measurement.verified == false ? "<b class=\"wrong\">WRONG</b> " : ""
    let split: Markup = hasSplit ? "<div class=\"splits\">\(splits(measurement))</div>" : ""
    return """
      <div class="row\(isBest ? " best" : "")\(hasSplit ? "" : " plain")"><span class="name">\(name)</span>\
      <div class="track"><i class="bar" style="width:\(position(times.median))%"></i>\(range)\
      <span class="value" style="left:\(position(max(times.median, times.max)))%">\(wrong)\(Units.seconds(times.median))</span></div>\
      \(split)</div>
      """
  }

  private func splits(_ measurement: Measurement) -> Markup {
    let sides = [
      ("workers", ActivityShares.workers(of: measurement)),
      ("coordinator", ActivityShares.coordinator(of: measurement)),
      ("chunk", ActivityShares.chunk(of: measurement)),
    ]
    return Markup.joined(
      sides.compactMap { side, shares -> Markup? in
        guard let shares, measurement.copyingShare != nil else { return nil }
        let words =
          side == "chunk"
          ? [
            "waited for \(Units.seconds(measurement.spent.queued / .seconds(1) / Double(measurement.spent.chunksSent))) on average"
          ]
          : shares.parts.filter { $0.share >= 0.005 }.map { part in
            "\(part.activity.name) \(Units.fixed(part.share * 100, decimals: 0)) %"
          }
        let parts = shares.parts.filter { $0.share > 0 }.map { part -> Markup in
          "<i class=\"\(part.activity.rawValue)\" style=\"width:\(part.share * 100)%\"></i>"
        }
        let text = "\(side): \(words.joined(separator: ", "))"
        return
          "<div class=\"split \(side)\" role=\"img\" title=\"\(text)\" aria-label=\"\(text)\">\(Markup.joined(parts, by: ""))</div>"
      }, by: "")
  }

  /// Returns a power of ten seconds as text, such as `10 µs`.
  static func power(_ exponent: Int) -> String {
    let units = [(0, "s"), (-3, "ms"), (-6, "µs"), (-9, "ns"), (-12, "ps")]
    let (base, unit) = units.first { exponent >= $0.0 } ?? (-12, "ps")
    let digits = exponent >= base ? "1" + String(repeating: "0", count: exponent - base) : "0"
    return "\(digits)\u{202F}\(unit)"
  }
}

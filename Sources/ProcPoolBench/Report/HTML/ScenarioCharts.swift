import Glibc
import ProcPool

/// The charts of a scenario.
enum ScenarioCharts {
  /// Returns the charts that show a comparison, in the order of the cases.
  static func markup(for report: ScenarioReport, processors: Int) -> Markup {
    let payload = report.name == .payload ? payload(report) : nil
    let lines = payload.map { [$0] } ?? speedups(report.measurements, processors: processors)
    let bars = payload == nil ? barCharts(report.measurements) : []
    return """
      <div class="charts">
      \(Markup.joined(bars.map(\.markup)))
      </div>
      <div class="plots">
      \(Markup.joined(lines.map(\.markup)))
      </div>
      """
  }

  /// Returns a bar chart for each case.
  static func barCharts(_ measurements: [Measurement]) -> [BarChart] {
    var labels: [CaseLabel] = []
    for measurement in measurements where !labels.contains(measurement.key.label) {
      labels.append(measurement.key.label)
    }
    return labels.map { label in
      BarChart(label: label, measurements: measurements.filter { $0.key.label == label })
    }
  }

  private static func add(
    _ point: (x: Double, y: Double), to strategy: String, of series: inout [LineChart.Series]
  ) {
    if let index = series.firstIndex(where: { $0.name == strategy }) {
      series[index].points.append(point)
    } else {
      series.append(LineChart.Series(name: strategy, points: [point]))
    }
  }

  /// Returns a chart of the round-trip time over the size of the payload.
  static func payload(_ report: ScenarioReport) -> LineChart? {
    let bytes = Dictionary(uniqueKeysWithValues: PayloadScenario.sizes.map { ($0.name, Double($0.bytes)) })
    var series: [LineChart.Series] = []
    for measurement in report.measurements {
      guard let size = bytes[measurement.key.label.name], let rate = measurement.itemsPerSecond else {
        continue
      }
      add((size, 1 / rate), to: measurement.key.strategy, of: &series)
    }
    let points = series.flatMap(\.points)
    guard Set(points.map(\.x)).count > 1, let least = points.map(\.y).min(),
      let greatest = points.map(\.y).max(), let smallest = points.map(\.x).min(),
      let largest = points.map(\.x).max()
    else { return nil }
    let decades = Int(log10(least).rounded(.down))...Int(log10(greatest).rounded(.up))
    let crossover = report.figures.first { $0.name == "crossover" }
    let isInside = crossover?.value.map { $0 > smallest && $0 < largest } ?? false
    return LineChart(
      title: "Round trip of a payload, by size",
      x: .init(
        title: "bytes", scale: .logarithmic(2),
        ticks: PayloadScenario.sizes.filter { (smallest...largest).contains(Double($0.bytes)) }.map {
          (Double($0.bytes), Self.short($0.bytes))
        }, range: smallest...largest),
      y: .init(
        title: "time", scale: .logarithmic(10),
        ticks: decades.map { (pow(10, Double($0)), BarChart.power($0)) },
        range: pow(10, Double(decades.lowerBound))...pow(10, Double(decades.upperBound))),
      series: series,
      mark: isInside ? (crossover!.value!, "sharing pays from \(Units.bytes(crossover!.value!)) on") : nil)
  }

  /// Returns a size as a short text, such as `64K` for 64 KiB.
  private static func short(_ bytes: Int) -> String {
    bytes >= 1 << 20 ? "\(bytes >> 20)M" : bytes >= 1 << 10 ? "\(bytes >> 10)K" : "\(bytes)"
  }

  /// Returns charts of the speed-up over the number of workers, for each case.
  static func speedups(_ measurements: [Measurement], processors: Int) -> [LineChart] {
    barCharts(measurements).compactMap { chart in
      var series: [LineChart.Series] = []
      for measurement in chart.measurements where measurement.key.workers > 0 {
        guard
          let one = chart.measurements.first(where: {
            $0.key.strategy == measurement.key.strategy && $0.key.workers == 1
          }), measurement.statistics.median > 0
        else { continue }
        let point = (
          Double(measurement.key.workers), one.statistics.median / measurement.statistics.median
        )
        add(point, to: measurement.key.strategy, of: &series)
      }
      series.removeAll { $0.points.count < 2 }
      guard !series.isEmpty else { return nil }
      for index in series.indices { series[index].points.sort { $0.x < $1.x } }
      let counts = Set(series.flatMap(\.points).map(\.x)).sorted()
      let most = counts.last!
      // The speed-up cannot exceed the number of processors.
      let limit = min(most, Double(processors))
      let top = max(limit, (series.flatMap(\.points).map(\.y).max() ?? 1).rounded(.up))
      let step = max(1, (top / 4).rounded())
      let ideal = LineChart.Series(
        name: "ideal", points: [(1, 1), (limit, limit)] + (limit < most ? [(most, limit)] : []), isIdeal: true
      )
      return LineChart(
        title: "\(chart.label): speed-up over the number of workers",
        x: .init(
          title: "workers", scale: .logarithmic(2), ticks: counts.map { ($0, "\(Int($0))") }, range: 1...most),
        y: .init(
          title: "speed-up over one worker", scale: .linear,
          ticks: stride(from: 0, through: top, by: step).map { ($0, "\(Int($0))") }, range: 0...top),
        series: series + [ideal],
        mark: Double(processors) > 1 && Double(processors) < most
          ? (Double(processors), "\(processors) processors") : nil)
    }
  }
}

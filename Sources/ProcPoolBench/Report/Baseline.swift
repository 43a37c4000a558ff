import Foundation

/// An earlier run, as `--json` wrote it, to be compared with.
public struct Baseline: Sendable {
  /// Why a file is no earlier run.
  public struct Unusable: Error, CustomStringConvertible {
    /// The reason, as a sentence for the user.
    public let description: String
  }

  private struct Document: Decodable {
    var schema: Int
    var quick: Bool
    var measurements: [Entry]
  }

  private struct Entry: Decodable {
    struct Seconds: Decodable { var min, median, max: Double }
    var scenario, `case`, strategy: String
    var variant: String?
    var workers, runs: Int
    var seconds: Seconds
  }

  private let quick: Bool
  private let entries: [[String]: Entry]

  /// Reads a run.
  ///
  /// - Throws: ``Unusable``.
  public init(contentsOf path: String) throws(Unusable) {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Unusable(description: "the file \(path) cannot be read")
    }
    try self.init(json: data, named: path)
  }

  init(json: Data, named name: String) throws(Unusable) {
    guard let document = try? JSONDecoder().decode(Document.self, from: json), document.schema == 1 else {
      throw Unusable(description: "\(name) is not what `procpool bench --json` of this version writes")
    }
    quick = document.quick
    entries = Dictionary(
      document.measurements.map { entry in
        ([entry.scenario, entry.case, entry.variant ?? "", entry.strategy, "\(entry.workers)"], entry)
      }, uniquingKeysWith: { first, _ in first })
  }

  /// What has become faster or slower than it was, beyond the noise that both runs measured: where the fastest
  /// run of one is slower than the slowest of the other. A table, and a sentence about the rest.
  func comparison(with report: BenchReport, _ style: TextStyle) -> String {
    var table = TextTable(columns: [
      .init(title: "case", alignment: .left), .init(title: "strategy", alignment: .left),
      .init(title: "workers", alignment: .right), .init(title: "before", alignment: .right),
      .init(title: "now", alignment: .right), .init(title: "change", alignment: .left),
    ])
    var compared = 0
    for measurement in report.scenarios.flatMap(\.measurements) {
      let key = measurement.key
      let name = [
        key.scenario.rawValue, key.label.name, key.label.variant, key.strategy, "\(key.workers)",
      ]
      // A single run says nothing of the noise.
      guard let before = entries[name], before.runs > 1, measurement.seconds.count > 1 else { continue }
      compared += 1
      let now = measurement.statistics
      let change: String
      if now.min > before.seconds.max {
        change = "\(Units.factor(now.median / before.seconds.median)) as long"
      } else if now.max < before.seconds.min {
        change = "\(Units.factor(before.seconds.median / now.median)) as fast"
      } else {
        continue
      }
      table.add([
        "\(key.scenario.rawValue), \(key.label)", key.strategy, key.workers == 0 ? "–" : "\(key.workers)",
        Units.seconds(before.seconds.median), Units.seconds(now.median), change,
      ])
    }
    var lines = ["compared with the baseline"]
    if !table.rows.isEmpty { lines += table.lines(style) }
    lines.append(
      style.paragraph(
        "\(table.rows.count) of \(compared) measurements moved beyond the noise of both runs.", after: "· "))
    if quick != report.options.quick {
      lines.append(
        style.paragraph(
          "One of the two was quick, and had less to do: what they share is named alike, and is not the same.",
          after: "· "))
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension BenchReport {
  /// What has moved since an earlier run.
  public func comparison(with baseline: Baseline, _ style: TextStyle = .plain) -> String {
    baseline.comparison(with: self, style)
  }
}

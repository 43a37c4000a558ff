import Foundation
import Glibc
import ProcPoolSystem

/// An earlier run, read from the JSON that `--json` wrote.
public struct Baseline: Sendable {
  /// The reason why a file cannot be used as a baseline.
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

  /// Reads the results of a run.
  ///
  /// - Throws: ``Unusable`` if the file cannot be read, or is not this version's JSON.
  public init(contentsOf path: String) throws(Unusable) {
    do throws(SystemError) {
      _ = try Descriptor.open(path, O_RDONLY)
    } catch {
      let reason = String(cString: strerror(error.code))
      throw Unusable(description: "the file \(path) cannot be read (\(reason))")
    }
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

  /// Returns a table of the measurements that changed beyond the noise of both runs: the slowest
  /// run of one is faster than the fastest run of the other. A sentence counts all compared
  /// measurements.
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
      // The noise of a single run is unknown.
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
        "\(table.rows.count) of \(compared) measurements changed beyond the noise of both runs.", after: "· ")
    )
    if quick != report.options.quick {
      lines.append(
        style.paragraph(
          "Only one of the two runs used --quick. Measurements of the same name may differ in size.",
          after: "· "))
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension BenchReport {
  /// Returns the changes since an earlier run.
  public func comparison(with baseline: Baseline, _ style: TextStyle = .plain) -> String {
    baseline.comparison(with: self, style)
  }
}

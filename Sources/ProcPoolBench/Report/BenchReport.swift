import ProcPool

/// The results of a benchmark run.
public struct BenchReport: Sendable {
  let machine: Machine
  let workers: Int
  let options: BenchOptions
  let scenarios: [ScenarioReport]

  /// The product of the user's matrices, computed in place by the workers; `nil` without matrices, or if every product
  /// was wrong.
  public internal(set) var product: NumPyFile?

  /// The strategies that gave a wrong result, as `scenario, case, strategy`.
  public var wrongResults: [String] {
    scenarios.flatMap(\.measurements).filter { $0.verified == false }.map {
      "\($0.key.scenario.rawValue), \($0.key.label), \($0.key.strategy)"
    }
  }

  /// The findings about sending and sharing, a line per case; `nil` if no case was measured both ways.
  public func verdict(_ style: TextStyle = .plain) -> String? {
    let sentences = Verdict.sentences(for: scenarios)
    let lines = [style.tinted("verdict", .title)] + sentences.map { style.paragraph($0, after: "· ") }
    return sentences.isEmpty ? nil : lines.joined(separator: "\n") + "\n"
  }

  /// The report as JSON, with a line break at its end.
  ///
  /// `schema` is raised when a key is removed or changes its meaning; new keys may be added without
  /// that. Times are in seconds. ``BenchSummary/json`` documents the key `summary`.
  public var json: String { document.text() + "\n" }

  var document: JSONValue {
    .object([
      ("schema", .integer(1)), ("version", .string(procpoolVersion)), ("machine", machine.json),
      ("workers", .integer(workers)), ("seed", .unsigned(options.seed)), ("quick", .bool(options.quick)),
      ("files", .array(options.files.map(JSONValue.string))),
      ("measurements", .array(scenarios.flatMap(\.measurements).map(Self.json))),
      (
        "figures",
        .array(scenarios.flatMap { report in report.figures.map { Self.json($0, of: report.name) } })
      ),
      ("verdict", .array(Verdict.sentences(for: scenarios).map(JSONValue.string))),
      ("summary", BenchSummary(of: self).json),
    ])
  }

  private static func json(_ figure: Figure, of scenario: ScenarioName) -> JSONValue {
    .object([
      ("scenario", .string(scenario.rawValue)), ("name", .string(figure.name)),
      ("value", .optional(figure.value)), ("unit", .string(figure.unit)), ("text", .string(figure.text)),
    ])
  }

  /// Returns the time of a run by activity.
  private static func time(_ measurement: Measurement) -> JSONValue {
    guard let copying = measurement.copyingShare else { return .null }
    let runs = Double(measurement.seconds.count)
    func seconds(_ duration: Duration) -> JSONValue { .number(duration / .seconds(1) / runs) }
    func split(_ split: TimeSplit) -> JSONValue {
      .object([
        ("waiting", seconds(split.waiting)), ("reading", seconds(split.reading)),
        ("decoding", seconds(split.decoding)), ("running", seconds(split.running)),
        ("encoding", seconds(split.encoding)), ("writing", seconds(split.writing)),
      ])
    }
    return .object([
      ("coordinator", split(measurement.spent.coordinator)), ("workers", split(measurement.spent.workers)),
      ("queued", seconds(measurement.spent.queued)),
      ("chunks", .number(Double(measurement.spent.chunksSent) / runs)),
      ("copyingShare", .number(copying)),
    ])
  }

  private static func json(_ measurement: Measurement) -> JSONValue {
    let statistics = measurement.statistics
    return .object([
      ("scenario", .string(measurement.key.scenario.rawValue)), ("case", .string(measurement.key.label.name)),
      ("variant", measurement.key.label.variant.isEmpty ? .null : .string(measurement.key.label.variant)),
      ("strategy", .string(measurement.key.strategy)), ("workers", .integer(measurement.key.workers)),
      (
        "seconds",
        .object([
          ("min", .number(statistics.min)), ("median", .number(statistics.median)),
          ("max", .number(statistics.max)),
        ])
      ),
      ("runs", .integer(measurement.seconds.count)),
      ("items", .optional(measurement.items)),
      ("itemsPerSecond", .optional(measurement.itemsPerSecond)),
      ("bytesSent", .unsigned(measurement.bytesSent)),
      ("bytesReceived", .unsigned(measurement.bytesReceived)),
      ("bytesCopied", .unsigned(measurement.bytesCopied)),
      ("bytesCopiedPerItem", .optional(measurement.bytesCopiedPerItem)),
      ("time", time(measurement)),
      ("verified", .optional(measurement.verified)),
    ])
  }
}

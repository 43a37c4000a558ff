/// The summary in the report's JSON.
extension BenchSummary {
  /// An object of three keys.
  ///
  /// - `cases`: an object per case of the scenarios that compare strategies:
  ///   - `scenario`, `case`, `variant`; `isPart` if its items are single elements, rows or terms of another case;
  ///   - `serial`, `message`, `shared`: the best of each kind, with its `strategy`, `workers` and `seconds` (of a run; of
  ///     a round trip for `payload`), or `null`;
  ///   - `fastest`: the fastest kind, and `factor`, its speed as a multiple of the next; both `null` if only one kind was
  ///     measured, or if no winner is beyond the noise (`withinNoise`);
  ///   - `copyingShare`: the share of the busy time of all processes that serialisation took with the best `message`.
  /// - `sharingPaysFromBytes`: the size from which sharing pays; `null` if sharing never paid, or with one size only.
  /// - `others`: the findings of the other scenarios in words (`text`), by `scenario`.
  var json: JSONValue {
    .object([
      ("cases", .array(all.map(Self.json))),
      ("sharingPaysFromBytes", .optional(sharingThreshold?.value)),
      (
        "others",
        .array(
          others.map { .object([("scenario", .string($0.scenario.rawValue)), ("text", .string($0.text))]) })
      ),
    ])
  }

  private static func json(_ one: CaseSummary) -> JSONValue {
    var (fastest, factor, isTie) = (JSONValue.null, JSONValue.null, false)
    switch one.outcome {
    case .unopposed: break
    case .wins(let strategy, let by, _): (fastest, factor) = (.string(strategy.rawValue), .number(by))
    case .withinNoise: isTie = true
    }
    return .object(
      [
        ("scenario", .string(one.scenario.rawValue)), ("case", .string(one.label.name)),
        ("variant", one.label.variant.isEmpty ? .null : .string(one.label.variant)),
        ("isPart", .bool(one.label.isPart)),
      ] + Strategy.allCases.map { ($0.rawValue, json($0, of: one)) } + [
        ("fastest", fastest), ("factor", factor), ("withinNoise", .bool(isTie)),
        ("copyingShare", .optional(one.copyingShare)),
      ])
  }

  private static func json(_ strategy: Strategy, of one: CaseSummary) -> JSONValue {
    guard let measurement = one.best[strategy] else { return .null }
    return .object([
      ("strategy", .string(measurement.key.strategy)), ("workers", .integer(measurement.key.workers)),
      ("seconds", .optional(one.seconds(strategy))),
    ])
  }
}

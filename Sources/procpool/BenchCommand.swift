import ProcPoolBench

/// `procpool bench`.
struct BenchCommand {
  static let description = CommandDescription(
    name: "procpool bench", summary: "measures what work costs on a pool, and checks every result",
    discussion: """
      Multiplies matrices, sums series, and sends payloads through a pool of worker processes, in several ways each. \
      Samples are made before the clock starts, the first run of every strategy is not counted, and every result is \
      compared with a serial reference. One table per scenario goes to standard output; where - is the file of another \
      form of the results, that alone does, and the tables go to standard error.
      """,
    options: [
      OptionDescription(
        name: "workers", value: .integer(1...maximumWorkers), placeholder: "N",
        summary: "the number of workers, as many as the machine allows unless given"),
      OptionDescription(
        name: "scenario", value: .choice(ScenarioName.allCases.map(\.rawValue)), placeholder: "NAME",
        repeats: true, summary: "run this scenario instead of all"),
      OptionDescription(
        name: "case", value: .choice(ScenarioName.allCases.flatMap(\.cases)), placeholder: "NAME",
        summary: "run this case instead of all"),
      OptionDescription(
        name: "quick", value: .none, summary: "less data and fewer runs: 20 seconds instead of 100"),
      OptionDescription(
        name: "repeat", value: .integer(1...1_000), placeholder: "K",
        summary: "the number of measured runs of each strategy, 1 to 6 unless given"),
      OptionDescription(
        name: "seed", value: .unsigned, placeholder: "S",
        summary: "what the samples' random numbers follow from, 1 unless given"),
      OptionDescription(
        name: "report", value: .outputFile, placeholder: "FILE",
        summary: "write a page with charts, too, that any browser shows without a network"),
      OptionDescription(
        name: "json", value: .outputFile, placeholder: "FILE", summary: "write the results as JSON, too"),
      OptionDescription(
        name: "csv", value: .outputFile, placeholder: "FILE",
        summary: "write the measurements for a sheet, too"),
      OptionDescription(
        name: "markdown", value: .outputFile, placeholder: "FILE",
        summary: "write the tables as Markdown, too"),
      OptionDescription(
        name: "baseline", value: .inputFile, placeholder: "FILE",
        summary: "compare with an earlier run's JSON, and tell what moved beyond the noise"),
    ],
    examples: [
      ("procpool bench --workers 8", "everything, on eight workers"),
      ("procpool bench --quick --scenario matmul --scenario payload", "two scenarios, on little data"),
      ("procpool bench --case slow-series --repeat 20", "one case, measured twenty times"),
      ("procpool bench --scenario overhead --baseline before.json", "what has become faster or slower since"),
      ("procpool bench --workers 8 --report bench.html", "a page to look at, with charts"),
      ("procpool bench --quick --json - | jq .measurements", "the figures alone, for another program"),
    ],
    topics: [("Scenarios", ScenarioName.allCases.map { ($0.rawValue, $0.summary) })],
    exitCodes: ExitCode.allCases)

  /// Because a worker takes six descriptors, and the Foundation of Swift 6.3 starts no program beside 1,350
  /// of them.
  private static let maximumWorkers = 200

  private let options: BenchOptions
  /// The forms that the results are to be written in, and the option and path of each.
  private let outputs: [(option: String, path: String, text: @Sendable (BenchReport) -> String)]
  private let baseline: Baseline?

  /// Takes arguments that the parser has accepted.
  init(_ arguments: ParsedArguments) throws(UsageError) {
    var options = BenchOptions()
    options.workers = arguments.value("workers").flatMap { Int($0) }
    options.scenarios = arguments.all("scenario").compactMap(ScenarioName.init(rawValue:))
    options.caseName = arguments.value("case")
    options.quick = arguments.has("quick")
    options.repeats = arguments.value("repeat").flatMap { Int($0) }
    if let seed = arguments.value("seed").flatMap({ UInt64($0) }) { options.seed = seed }
    self.options = options
    outputs = Self.forms.compactMap { option, text in
      arguments.value(option).map { (option, $0, text) }
    }
    if outputs.count(where: { $0.path == "-" }) > 1 {
      let options = outputs.filter { $0.path == "-" }.map { "--\($0.option) -" }.joined(separator: " and ")
      throw UsageError("\(options) cannot share standard output; accepted: - for one of them")
    }
    // Before the work, as is the file for the results.
    do throws(Baseline.Unusable) {
      baseline = if let path = arguments.value("baseline") { try Baseline(contentsOf: path) } else { nil }
    } catch {
      throw UsageError("--baseline: \(error)")
    }
    if let caseName = options.caseName, options.selectedScenarios.isEmpty {
      let accepted = options.scenarios.flatMap(\.cases).joined(separator: ", ")
      throw UsageError("--case does not accept '\(caseName)' with this --scenario; accepted: \(accepted)")
    }
  }

  private static let forms: [(option: String, text: @Sendable (BenchReport) -> String)] = [
    ("report", \.html), ("json", \.json), ("csv", \.csv), ("markdown", \.markdown),
  ]

  /// Runs the benchmark.
  func run() async throws -> ExitCode {
    let tables = outputs.contains { $0.path == "-" } ? StandardStream.error : StandardStream.output
    // Before the work: a run of a minute must not end with a path that cannot be written.
    let files = try outputs.map { try OutputFile(path: $0.path, option: $0.option) }
    let progress = ProgressLine()
    defer { progress.erase() }
    func show(_ text: String) throws {
      progress.erase()
      try tables.write(text + "\n")
    }
    let style = tables.textStyle
    let report = try await Bench(options).run(
      started: show, finished: { try show($0.text(style)) }, progress: progress.show)
    if let verdict = report.verdict(style) { try show(verdict) }
    if let baseline { try show(report.comparison(with: baseline, style)) }
    progress.erase()
    for (file, output) in zip(files, outputs) { try file.replaceContents(with: output.text(report)) }
    for wrong in report.wrongResults {
      try StandardStream.error.write("procpool: wrong result: \(wrong)\n")
    }
    return report.wrongResults.isEmpty ? .success : .wrongResult
  }
}

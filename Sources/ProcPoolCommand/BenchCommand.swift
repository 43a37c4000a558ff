import ProcPoolBench

/// `procpool bench`.
struct BenchCommand {
  static let description = CommandDescription(
    name: "procpool bench", summary: "measures the cost of work on a pool, and verifies every result",
    discussion: """
      Multiplies matrices, sums series and sends payloads through a pool of worker processes, each with several strategies. \
      Samples are generated before the clock starts, the first run of every strategy is a warm-up, and every result is \
      verified against a serial reference. The run ends with a summary of one screen: for each case, the time of a plain \
      loop, of the best strategy that sends its data in messages, and of the best in shared memory; which of them is \
      the fastest and by how much; the share of time that serialisation took; and the size from which sharing pays. \
      --details adds a table per scenario. If results are written to -, standard output contains nothing else, and the \
      summary goes to standard error.
      """,
    options: [
      OptionDescription(
        name: "workers", value: .integer(1...maximumWorkers), placeholder: "N",
        summary: "number of workers; default: as many as the machine allows"),
      OptionDescription(
        name: "scenario", value: .choice(ScenarioName.allCases.map(\.rawValue)), placeholder: "NAME",
        repeats: true, summary: "run only this scenario"),
      OptionDescription(
        name: "case", value: .choice(ScenarioName.allCases.flatMap(\.cases)), placeholder: "NAME",
        summary: "run only this case"),
      OptionDescription(
        name: "quick", value: .none, summary: "less data and fewer runs: 20 seconds instead of 100"),
      OptionDescription(
        name: "repeat", value: .integer(1...1_000), placeholder: "K",
        summary: "number of measured runs per strategy; default: 1 to 6, depending on the case"),
      OptionDescription(
        name: "seed", value: .unsigned, placeholder: "S",
        summary: "seed of the samples' random numbers; default: 1"),
      OptionDescription(
        name: "matrix", value: .inputFile, placeholder: "FILE", repeats: true,
        summary: "multiply your own matrices instead: give it twice, for A and B, in np.save's format"),
      OptionDescription(
        name: "array", value: .inputFile, placeholder: "FILE",
        summary: "sum your own array instead, in np.save's format"),
      OptionDescription(
        name: "details", value: .none,
        summary: "print a table per scenario, and the findings in words, before the summary"),
      OptionDescription(
        name: "output", value: .outputFile, placeholder: "FILE",
        summary: "write the product of --matrix in np.load's format"),
      OptionDescription(
        name: "report", value: .outputFile, placeholder: "FILE",
        summary: "write an HTML page: the summary as a picture, charts and tables; needs no network"),
      OptionDescription(
        name: "json", value: .outputFile, placeholder: "FILE",
        summary: "write the measurements and the summary as JSON"),
      OptionDescription(
        name: "csv", value: .outputFile, placeholder: "FILE",
        summary: "write the measurements for a spreadsheet"),
      OptionDescription(
        name: "markdown", value: .outputFile, placeholder: "FILE",
        summary: "write the summary and the tables as Markdown"),
      OptionDescription(
        name: "baseline", value: .inputFile, placeholder: "FILE",
        summary: "compare with the JSON of an earlier run, and list changes beyond the noise"),
    ],
    examples: [
      ("procpool bench --workers 8", "all scenarios, on eight workers"),
      ("procpool bench --quick --scenario matmul --scenario payload", "two scenarios, on little data"),
      ("procpool bench --case slow-series --repeat 20", "one case, twenty runs per strategy"),
      (
        "procpool bench --quick --scenario payload --details",
        "every strategy of a scenario, with its spread and its time by activity"
      ),
      ("procpool bench --scenario overhead --baseline before.json", "changes since an earlier run"),
      ("procpool bench --workers 8 --report bench.html", "a page with charts"),
      (
        "procpool bench --matrix A.npy --matrix B.npy --output C.npy",
        "the same strategies on matrices from NumPy"
      ),
      ("procpool bench --quick --json - | jq .measurements", "the measurements alone, for another program"),
    ],
    topics: [("Scenarios", ScenarioName.allCases.map { ($0.rawValue, $0.summary) })],
    exitCodes: ExitCode.allCases)

  /// A worker takes six descriptors, and Foundation of Swift 6.3 cannot start a program beside more
  /// than 1,350 descriptors.
  private static let maximumWorkers = 200

  private let options: BenchOptions
  /// The output options, with the path and the contents of each.
  private let outputs: [(option: String, path: String, contents: @Sendable (BenchReport) -> [UInt8]?)]
  /// The options and paths of the input files.
  private let inputs: [(option: String, path: String)]
  private let baseline: Baseline?
  /// Whether the tables are printed in addition to the summary.
  private let hasDetails: Bool

  /// Creates the command from parsed arguments.
  init(_ arguments: ParsedArguments) throws(UsageError) {
    var options = BenchOptions()
    options.workers = arguments.value("workers").flatMap { Int($0) }
    options.scenarios = arguments.all("scenario").compactMap(ScenarioName.init(rawValue:))
    options.caseName = arguments.value("case")
    options.quick = arguments.has("quick")
    hasDetails = arguments.has("details")
    options.repeats = arguments.value("repeat").flatMap { Int($0) }
    if let seed = arguments.value("seed").flatMap({ UInt64($0) }) { options.seed = seed }
    outputs = Self.forms.compactMap { option, contents in
      arguments.value(option).map { (option, $0, contents) }
    }
    if outputs.count(where: { $0.path == "-" }) > 1 {
      let options = outputs.filter { $0.path == "-" }.map { "--\($0.option) -" }.joined(separator: " and ")
      throw UsageError("\(options) cannot both use standard output; accepted: - for one of them")
    }
    inputs = ["matrix", "array", "baseline"].flatMap { option in
      arguments.all(option).map { (option, $0) }
    }
    // Read before the run, so that an invalid file is reported at once.
    do throws(Baseline.Unusable) {
      baseline = if let path = arguments.value("baseline") { try Baseline(contentsOf: path) } else { nil }
    } catch {
      throw UsageError("--baseline: \(error)")
    }
    try Self.takeOwnData(arguments, into: &options)
    self.options = options
    if let caseName = options.caseName, options.selectedScenarios.isEmpty {
      let accepted = options.scenarios.flatMap(\.cases).joined(separator: ", ")
      throw UsageError("--case does not accept '\(caseName)' with this --scenario; accepted: \(accepted)")
    }
  }

  private static let forms: [(option: String, contents: @Sendable (BenchReport) -> [UInt8]?)] = [
    ("report", { Array($0.html.utf8) }), ("json", { Array($0.json.utf8) }), ("csv", { Array($0.csv.utf8) }),
    ("markdown", { Array($0.markdown.utf8) }), ("output", { $0.product?.bytes }),
  ]

  /// Reads the user's matrices or array, which replace the samples.
  private static func takeOwnData(
    _ arguments: ParsedArguments, into options: inout BenchOptions
  ) throws(UsageError) {
    let matrices = arguments.all("matrix")
    if !matrices.isEmpty, matrices.count != 2 {
      throw UsageError(
        "--matrix is given \(matrices.count == 1 ? "once" : "\(matrices.count) times"); accepted: twice, for A and B"
      )
    }
    if matrices.isEmpty, arguments.has("output") {
      throw UsageError(
        "--output writes the product of two matrices; accepted: with --matrix A.npy --matrix B.npy")
    }
    guard !matrices.isEmpty || arguments.has("array") else { return }
    for option in ["scenario", "case", "seed"] where arguments.has(option) {
      throw UsageError("--\(option) applies to samples only; accepted: without --matrix and --array")
    }
    do throws(NumPyFile.Unusable) {
      if let path = arguments.value("array") { options.array = try OwnArray(NumPyFile(contentsOf: path)) }
      if !matrices.isEmpty {
        options.matrices = try OwnMatrices(
          NumPyFile(contentsOf: matrices[0]), NumPyFile(contentsOf: matrices[1]))
      }
    } catch {
      throw UsageError("\(error)")
    }
  }

  /// Runs the benchmark.
  func run() async throws -> ExitCode {
    // Before the run, so that it does not end with a path that cannot be written.
    let files = try OutputFiles(outputs.map { ($0.option, $0.path) }, inputs: inputs)
    let tables = files.includeStandardOutput ? StandardStream.error : StandardStream.output
    let progress = ProgressLine()
    defer { progress.erase() }
    let losses = Losses()
    func show(_ text: String) throws {
      progress.erase()
      // If other output is requested, the run continues without the tables.
      if outputs.isEmpty {
        try tables.write(text + "\n")
      } else {
        losses.note { try tables.write(text + "\n") }
      }
    }
    let style = tables.textStyle
    let report = try await Bench(options).run(
      started: show, finished: { if hasDetails { try show($0.text(style)) } }, progress: progress.show)
    if hasDetails, let verdict = report.verdict(style) { try show(verdict) }
    if let baseline { try show(report.comparison(with: baseline, style)) }
    // The summary comes last, where a reader looks first.
    if let summary = report.summary(style) { try show(summary) }
    progress.erase()
    for (file, output) in zip(files.files, outputs) {
      // A wrong product is not written.
      if let contents = output.contents(report) { losses.note { try file.replaceContents(with: contents) } }
    }
    for wrong in report.wrongResults { Commands.complain("wrong result: \(wrong)") }
    guard let first = losses.first else { return report.wrongResults.isEmpty ? .success : .wrongResult }
    if report.wrongResults.isEmpty { throw first }
    Commands.complain("\(first)")
    return .wrongResult
  }

  /// The first error of writing.
  private final class Losses {
    private(set) var first: (any Error)?

    func note(_ write: () throws -> Void) {
      do { try write() } catch { first = first ?? error }
    }
  }
}

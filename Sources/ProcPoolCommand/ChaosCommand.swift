import ProcPoolBench

/// `procpool chaos`.
struct ChaosCommand {
  static let description = CommandDescription(
    name: "procpool chaos", summary: "kills and stops workers at random, and verifies that nothing is lost",
    discussion: """
      Runs calls of all verbs with known results, each round in a new pool, while workers are killed, stopped and \
      continued at random. After each round it verifies that every item has ended exactly once, with the correct value or \
      after its worker was killed in every attempt, and that no process, descriptor or shared memory is left. The seed \
      determines the disturbances; their timing depends on the machine.
      """,
    options: [
      OptionDescription(
        name: "seconds", value: .integer(1...86_400), placeholder: "N",
        summary: "duration in seconds; default: 30"),
      seed, workers,
    ],
    examples: [
      ("procpool chaos", "half a minute"),
      (
        "procpool chaos --seconds 300 --seed 7 --workers 8",
        "five minutes with the same disturbances in each run"
      ),
    ],
    exitCodes: [.success, .wrongResult, .usage, .cannotRun, .inputOutput])

  static let seed = OptionDescription(
    name: "seed", value: .unsigned, placeholder: "S",
    summary: "seed of the disturbances; default: a random one")
  static let workers = OptionDescription(
    name: "workers", value: .integer(1...64), placeholder: "W",
    summary: "number of workers; default: as many as the machine allows, at least three")

  private let options: ChaosOptions

  /// Creates the command from parsed arguments.
  init(_ arguments: ParsedArguments) {
    var options = Self.options(arguments)
    if let seconds = arguments.value("seconds").flatMap({ Int($0) }) { options.seconds = seconds }
    self.options = options
  }

  /// Returns the options that chaos and soak share.
  static func options(_ arguments: ParsedArguments) -> ChaosOptions {
    var options = ChaosOptions()
    options.seed = arguments.value("seed").flatMap { UInt64($0) } ?? .random(in: 0..<1 << 32)
    options.workers = arguments.value("workers").flatMap { Int($0) }
    return options
  }

  /// Disturbs pools for the given duration.
  func run() async throws -> ExitCode {
    try StandardStream.output.write("seed \(options.seed)\n")
    let progress = ProgressLine()
    defer { progress.erase() }
    let tally = try await Chaos(options).run(progress: progress.show)
    progress.erase()
    return try Self.report(tally, seed: options.seed)
  }

  /// Prints the summary and the violations.
  static func report(_ tally: ChaosTally, seed: UInt64) throws -> ExitCode {
    // Violations are reported even if standard output cannot be written.
    for breach in tally.breaches { Commands.complain("\(breach)") }
    if !tally.breaches.isEmpty { Commands.complain("repeat with --seed \(seed)") }
    let text = tally.description + "\n"
    if tally.breaches.isEmpty {
      try StandardStream.output.write(text)
      return .success
    }
    do { try StandardStream.output.write(text) } catch { Commands.complain("\(error)") }
    return .wrongResult
  }
}

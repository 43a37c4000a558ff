import ProcPoolBench

/// `procpool soak`.
struct SoakCommand {
  static let description = CommandDescription(
    name: "procpool soak", summary: "disturbs one pool for a long time, and verifies that no resource grows",
    discussion: """
      Runs calls of all verbs in one pool while its workers are killed, stopped, continued and recycled, and verifies every \
      result as chaos does. For each minute it prints what the process used between rounds: memory, descriptors, processes \
      and names in /dev/shm. A resource has grown if its minimum in the last minute exceeds its maximum in the second.
      """,
    options: [
      OptionDescription(
        name: "minutes", value: .integer(1...1_440), placeholder: "N",
        summary: "duration in minutes; default: 10; growth is checked from the third on"),
      ChaosCommand.seed, ChaosCommand.workers,
    ],
    examples: [("procpool soak --minutes 60", "an hour")],
    exitCodes: [.success, .wrongResult, .usage, .cannotRun, .inputOutput])

  private let options: ChaosOptions

  /// Creates the command from parsed arguments.
  init(_ arguments: ParsedArguments) {
    var options = ChaosCommand.options(arguments)
    options.seconds = 60 * (arguments.value("minutes").flatMap { Int($0) } ?? 10)
    self.options = options
  }

  /// Disturbs a pool for the given duration.
  func run() async throws -> ExitCode {
    try StandardStream.output.write("seed \(options.seed)\n")
    let progress = ProgressLine()
    defer { progress.erase() }
    let tally = try await Soak(options).run(progress: progress.show) { minute in
      progress.erase()
      try StandardStream.output.write(minute.description + "\n")
    }
    progress.erase()
    return try ChaosCommand.report(tally, seed: options.seed)
  }
}

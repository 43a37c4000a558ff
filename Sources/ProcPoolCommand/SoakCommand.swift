import ProcPoolBench

/// `procpool soak`.
struct SoakCommand {
  static let description = CommandDescription(
    name: "procpool soak", summary: "disturbs one pool for long, and checks that nothing grows",
    discussion: """
      Runs calls of all kinds in one pool while its workers are killed, stopped, continued and replaced, checks every result as \
      chaos does, and says for each minute what the process used between rounds: memory, descriptors, processes and names in \
      /dev/shm. If the least of the last minute is more than the most of the second, something has grown.
      """,
    options: [
      OptionDescription(
        name: "minutes", value: .integer(1...1_440), placeholder: "N",
        summary: "how long, 10 unless given; growth is looked for from the third on"),
      ChaosCommand.seed, ChaosCommand.workers,
    ],
    examples: [("procpool soak --minutes 60", "an hour of it")],
    exitCodes: [.success, .wrongResult, .usage, .cannotRun, .inputOutput])

  private let options: ChaosOptions

  /// Takes arguments that the parser has accepted.
  init(_ arguments: ParsedArguments) {
    var options = ChaosCommand.options(arguments)
    options.seconds = 60 * (arguments.value("minutes").flatMap { Int($0) } ?? 10)
    self.options = options
  }

  /// Disturbs a pool for as long as asked.
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

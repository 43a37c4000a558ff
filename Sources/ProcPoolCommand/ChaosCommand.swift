import ProcPoolBench

/// `procpool chaos`.
struct ChaosCommand {
  static let description = CommandDescription(
    name: "procpool chaos", summary: "kills and stops workers at random, and checks that nothing is lost",
    discussion: """
      Runs calls of all kinds whose answers are known, in one pool after the other, while workers are killed, stopped and \
      continued at random. After each round it checks that every item has ended exactly once, with the right value or because \
      its worker was killed as often as it may be begun, and that no process, descriptor or shared memory is left. What is done \
      follows from the seed; when it hits depends on the machine.
      """,
    options: [
      OptionDescription(
        name: "seconds", value: .integer(1...86_400), placeholder: "N", summary: "how long, 30 unless given"),
      seed, workers,
    ],
    examples: [
      ("procpool chaos", "half a minute of it"),
      ("procpool chaos --seconds 300 --seed 7 --workers 8", "the same deeds each time, for five minutes"),
    ],
    exitCodes: [.success, .wrongResult, .usage, .cannotRun, .inputOutput])

  static let seed = OptionDescription(
    name: "seed", value: .unsigned, placeholder: "S",
    summary: "what is done to whom follows from this; another one each time unless given")
  static let workers = OptionDescription(
    name: "workers", value: .integer(1...64), placeholder: "W",
    summary: "the number of workers, as many as the machine allows and three at least unless given")

  private let options: ChaosOptions

  /// Takes arguments that the parser has accepted.
  init(_ arguments: ParsedArguments) {
    var options = Self.options(arguments)
    if let seconds = arguments.value("seconds").flatMap({ Int($0) }) { options.seconds = seconds }
    self.options = options
  }

  /// What chaos and soak are asked alike.
  static func options(_ arguments: ParsedArguments) -> ChaosOptions {
    var options = ChaosOptions()
    options.seed = arguments.value("seed").flatMap { UInt64($0) } ?? .random(in: 0..<1 << 32)
    options.workers = arguments.value("workers").flatMap { Int($0) }
    return options
  }

  /// Disturbs pools for as long as asked.
  func run() async throws -> ExitCode {
    try StandardStream.output.write("seed \(options.seed)\n")
    let progress = ProgressLine()
    defer { progress.erase() }
    let tally = try await Chaos(options).run(progress: progress.show)
    progress.erase()
    return try Self.report(tally, seed: options.seed)
  }

  /// Says what was done, and what was wrong.
  static func report(_ tally: ChaosTally, seed: UInt64) throws -> ExitCode {
    // What was found wrong is told whatever becomes of the rest.
    for breach in tally.breaches { Commands.complain("\(breach)") }
    if !tally.breaches.isEmpty { Commands.complain("run again with --seed \(seed) to do the same") }
    let text = tally.description + "\n"
    if tally.breaches.isEmpty {
      try StandardStream.output.write(text)
      return .success
    }
    do { try StandardStream.output.write(text) } catch { Commands.complain("\(error)") }
    return .wrongResult
  }
}

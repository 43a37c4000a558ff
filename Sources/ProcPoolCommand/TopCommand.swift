import ProcPoolBench

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// `procpool top`.
struct TopCommand {
  static let description = CommandDescription(
    name: "procpool top", summary: "shows the pools that run, and what their workers are on",
    discussion: """
      Shows every pool of this user's, or those of one process: what each worker is on (the number of its call and its \
      item, and the type of its task) and for how long, what its time goes into, items in a second, and memory of its own. \
      All of it comes from memory that pools and workers share anyway: nobody is asked, and nobody is slowed down. \
      Where standard output is no terminal it looks once.
      """,
    operand: OptionDescription(
      name: "PID", value: .integer(1...Int(Int32.max)), placeholder: "PID",
      summary: "the process whose pools are shown, all of this user's unless given"),
    options: [
      OptionDescription(name: "once", value: .none, summary: "look once, print what is there, and stop"),
      OptionDescription(name: "json", value: .none, summary: "look once, and print what is there as JSON"),
      OptionDescription(
        name: "interval", value: .integer(1...3_600), placeholder: "SECONDS",
        summary: "how long a screen stays, one second unless given"),
    ],
    examples: [
      ("procpool top", "all pools, until q or Ctrl-C"),
      ("procpool top --once 4711", "those of one process, once"),
      ("procpool top --json | jq '.pools[].workers[] | select(.item.seconds > 60)'", "items that take long"),
    ],
    exitCodes: [.success, .usage, .cannotRun, .inputOutput])

  private let process: Int32?
  private let looksOnce: Bool
  private let isJSON: Bool
  private let interval: Int

  /// Takes arguments that the parser has accepted.
  init(_ arguments: ParsedArguments) {
    process = arguments.operand.flatMap { Int32($0) }
    isJSON = arguments.has("json")
    looksOnce = arguments.has("once") || isJSON || !StandardStream.output.isTerminal
    interval = arguments.value("interval").flatMap { Int($0) } ?? 1
  }

  /// Shows what there is.
  func run() throws -> ExitCode {
    let top = try Top(process: process)
    if looksOnce {
      let output = StandardStream.output
      try output.write(isJSON ? try top.json() : try top.once(output.textStyle))
      return .success
    }
    return try watch(top)
  }

  private func watch(_ top: Top) throws -> ExitCode {
    let screen = LiveScreen()
    defer { screen.leave() }
    // What was there before the first look says nothing of what is going on.
    _ = top.screen(.plain, height: nil)
    usleep(200_000)
    while true {
      let lines = top.screen(
        StandardStream.output.textStyle, height: StandardStream.output.height ?? 24,
        footer: "\(interval == 1 ? "every second" : "every \(interval) seconds"); q or Ctrl-C ends")
      try screen.show(lines)
      if screen.wait(milliseconds: interval * 1_000) == .ended { return .success }
    }
  }
}

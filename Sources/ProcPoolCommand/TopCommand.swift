import Glibc
import ProcPoolBench

/// `procpool top`.
struct TopCommand {
  static let description = CommandDescription(
    name: "procpool top", summary: "shows the running pools, and the items that their workers run",
    discussion: """
      Shows the pools of this user, or of one process. For each worker it shows the running item (the numbers of the call \
      and the item, and the type of the task), how long it has been running, how the worker spends its time, its items \
      per second, and its private memory. The data comes from memory that pools and workers share anyway, so they are \
      not slowed down. If standard output is not a terminal, the pools are shown once.
      """,
    operand: OptionDescription(
      name: "PID", value: .integer(1...Int(Int32.max)), placeholder: "PID",
      summary: "process whose pools are shown; default: all processes of this user"),
    options: [
      OptionDescription(name: "once", value: .none, summary: "print the pools once and exit"),
      OptionDescription(name: "json", value: .none, summary: "print the pools once as JSON"),
      OptionDescription(
        name: "interval", value: .integer(1...3_600), placeholder: "SECONDS",
        summary: "seconds between updates; default: 1"),
    ],
    examples: [
      ("procpool top", "all pools, until q or Ctrl-C"),
      ("procpool top --once 4711", "the pools of one process, once"),
      (
        "procpool top --json | jq '.pools[].workers[] | select(.item.seconds > 60)'",
        "items that have been running for more than a minute"
      ),
    ],
    exitCodes: [.success, .usage, .cannotRun, .inputOutput])

  private let process: Int32?
  private let looksOnce: Bool
  private let isJSON: Bool
  private let interval: Int

  /// Creates the command from parsed arguments.
  init(_ arguments: ParsedArguments) {
    process = arguments.operand.flatMap { Int32($0) }
    isJSON = arguments.has("json")
    looksOnce = arguments.has("once") || isJSON || !StandardStream.output.isTerminal
    interval = arguments.value("interval").flatMap { Int($0) } ?? 1
  }

  /// Shows the pools.
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
    // The first observation has no rates, and is not shown.
    _ = top.screen(.plain, height: nil)
    usleep(200_000)
    while true {
      let lines = top.screen(
        StandardStream.output.textStyle, height: StandardStream.output.height ?? 24,
        footer: "\(interval == 1 ? "every second" : "every \(interval) seconds"); q or Ctrl-C exits")
      try screen.show(lines)
      if screen.wait(milliseconds: interval * 1_000) == .ended { return .success }
    }
  }
}

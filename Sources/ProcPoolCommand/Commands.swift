import ProcPoolBench
import ProcPoolSystem

/// The commands of procpool.
enum Commands {
  static let procpool = CommandDescription(
    name: "procpool", summary: "measures and tests pools of worker processes on this machine",
    commands: [
      BenchCommand.description, TopCommand.description, DoctorCommand.description, ChaosCommand.description,
      SoakCommand.description,
      CompletionsCommand.description,
    ],
    examples: [
      ("procpool bench --workers 8", "run the benchmark with eight workers"),
      ("procpool top", "watch the pools on this machine"),
      ("procpool doctor", "list problems of this machine, and remedies"),
      ("procpool chaos --seconds 60", "kill workers for a minute, and verify that nothing is lost"),
      ("procpool bench --help", "explain the benchmark and its options"),
    ],
    exitCodes: ExitCode.allCases)

  /// Runs the command that the arguments select, and returns the exit code.
  static func run(_ arguments: [String]) async -> ExitCode {
    do {
      let (command, parsed) = try ArgumentParser.parse(arguments, for: procpool)
      if parsed.has(OptionDescription.help.name) {
        try StandardStream.output.write(HelpText.text(for: command))
        return .success
      }
      if parsed.has(OptionDescription.version.name) {
        try StandardStream.output.write("procpool \(procpoolVersion)\n")
        return .success
      }
      if command.name == BenchCommand.description.name {
        return try await BenchCommand(parsed).run()
      }
      if command.name == TopCommand.description.name { return try TopCommand(parsed).run() }
      if command.name == DoctorCommand.description.name { return try await DoctorCommand(parsed).run() }
      if command.name.hasPrefix(CompletionsCommand.description.name) {
        return try CompletionsCommand.run(command)
      }
      if command.name == ChaosCommand.description.name { return try await ChaosCommand(parsed).run() }
      if command.name == SoakCommand.description.name { return try await SoakCommand(parsed).run() }
      throw UsageError(
        "a command is missing; accepted: \(command.commands.map(\.word).joined(separator: ", "))")
    } catch let error as UsageError {
      let command = procpool.commands.first { $0.word == arguments.first }?.name ?? procpool.name
      return fail(.usage, "\(error) (see \(command) --help)")
    } catch let error as WriteError {
      return fail(.inputOutput, "\(error)")
    } catch let error as OutputFile.Unwritable {
      return fail(.cannotCreate, "\(error)")
    } catch {
      return fail(.cannotRun, "\(error)")
    }
  }

  /// Prints an error, and returns its exit code.
  static func fail(_ code: ExitCode, _ message: String) -> ExitCode {
    complain(message)
    return code
  }

  /// Prints an error to standard error: one line, or several if it quotes a worker's output.
  static func complain(_ message: String) {
    // An error of standard error cannot be reported.
    try? StandardStream.error.write("procpool: \(message.visible(keepingLines: true))\n")
  }
}

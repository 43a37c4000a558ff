import ProcPoolBench
import ProcPoolSystem

/// All that procpool accepts.
enum Commands {
  static let procpool = CommandDescription(
    name: "procpool", summary: "measures, and tries, what a pool of worker processes does on this machine",
    commands: [
      BenchCommand.description, TopCommand.description, DoctorCommand.description, ChaosCommand.description,
      SoakCommand.description,
      CompletionsCommand.description,
    ],
    examples: [
      ("procpool bench --workers 8", "run the benchmark with eight workers"),
      ("procpool top", "watch the pools that run on this machine"),
      ("procpool doctor", "say what is amiss on this machine, and what to do about it"),
      ("procpool chaos --seconds 60", "kill workers for a minute, and see that nothing is lost"),
      ("procpool bench --help", "say what the benchmark measures and accepts"),
    ],
    exitCodes: [.success, .usage, .inputOutput])

  /// Does what the arguments ask for, and returns what the program's exit status is.
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

  /// Says what is wrong, and returns the exit status for it.
  static func fail(_ code: ExitCode, _ message: String) -> ExitCode {
    complain(message)
    return code
  }

  /// Says on standard error what is wrong, in a line, or several where an error quotes what a worker wrote.
  static func complain(_ message: String) {
    // There is nobody left to be told that standard error cannot be written.
    try? StandardStream.error.write("procpool: \(message.visible(keepingLines: true))\n")
  }
}

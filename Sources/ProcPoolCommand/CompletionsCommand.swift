/// `procpool completions`.
struct CompletionsCommand {
  static let description = CommandDescription(
    name: "procpool completions", summary: "prints a completion script for a shell",
    discussion: """
      Prints the script to standard output. If your shell reads it at start, the Tab key completes commands, options \
      and their values.
      """,
    commands: CompletionScript.Shell.allCases.map { shell in
      CommandDescription(
        name: "procpool completions \(shell.rawValue)", summary: "the script for \(shell.rawValue)",
        examples: [use(of: shell)], exitCodes: [.success, .usage, .inputOutput])
    }, examples: CompletionScript.Shell.allCases.map(use), exitCodes: [.success, .usage, .inputOutput])

  private static func use(of shell: CompletionScript.Shell) -> (call: String, purpose: String) {
    switch shell {
    case .bash: ("source <(procpool completions bash)", "in ~/.bashrc")
    case .zsh: ("source <(procpool completions zsh)", "in ~/.zshrc, after compinit")
    case .fish:
      (
        "procpool completions fish > ~/.config/fish/completions/procpool.fish",
        "once; fish loads it from there"
      )
    }
  }

  /// Prints the script for the shell that the last word of the command names.
  static func run(_ command: CommandDescription) throws -> ExitCode {
    guard let shell = CompletionScript.Shell(rawValue: command.word) else {
      let accepted = command.commands.map(\.word).joined(separator: ", ")
      throw UsageError("the name of a shell is missing; accepted: \(accepted)")
    }
    try StandardStream.output.write(CompletionScript.text(for: shell))
    return .success
  }
}

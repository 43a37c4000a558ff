/// `procpool completions`.
struct CompletionsCommand {
  static let description = CommandDescription(
    name: "procpool completions", summary: "prints what a shell needs to complete these arguments",
    discussion: """
      The script goes to standard output: have your shell read it when it starts, and the Tab key completes commands, \
      options, and the values that an option takes.
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
      ("procpool completions fish > ~/.config/fish/completions/procpool.fish", "once; fish finds it there")
    }
  }

  /// Prints the script that the last word of the command names.
  static func run(_ command: CommandDescription) throws -> ExitCode {
    guard let shell = CompletionScript.Shell(rawValue: command.word) else {
      let accepted = command.commands.map(\.word).joined(separator: ", ")
      throw UsageError("the name of a shell is missing; accepted: \(accepted)")
    }
    try StandardStream.output.write(CompletionScript.text(for: shell))
    return .success
  }
}

import Testing

import struct Foundation.URL
import class Foundation.FileManager

@testable import ProcPoolCommand

@Suite(.timeLimit(.minutes(5))) struct ShellsCompleteWhatTheDescriptionSays {
  private static func path(_ shell: CompletionScript.Shell) -> URL? {
    ["/bin", "/usr/bin", "/usr/local/bin"].map { URL(fileURLWithPath: "\($0)/\(shell.rawValue)") }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }

  /// Runs a shell on the script and what follows.
  private func run(_ shell: CompletionScript.Shell, _ rest: String) async throws -> [String] {
    let script = Scratch.path()
    try CompletionScript.text(for: shell).write(to: script, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: script) }
    let plain = shell == .fish ? ["--no-config"] : shell == .zsh ? ["-f"] : ["--norc"]
    let outcome = try await Program.run(
      plain + [
        "-c", (shell == .zsh ? "autoload -U compinit; compinit -D\n" : "") + "source \(script.path)\n\(rest)",
      ], at: try #require(Self.path(shell)))
    #expect(outcome.errors == "" && outcome.status == 0, "\(outcome.errors)")
    return outcome.output.split(separator: "\n").map(String.init)
  }

  private static let expected: [(words: [String], all: [String])] = [
    (["procpool", ""], Commands.procpool.commands.map(\.word)),
    (["procpool", "be"], ["bench"]),
    (["procpool", "bench", "--sc"], ["--scenario"]),
    (["procpool", "bench", "--scenario", "pa"], ["partial-sums", "payload"]),
    (["procpool", "bench", "--quick", "--case", "256"], ["256MiB"]),
    (["procpool", "bench", "--de"], ["--details"]),
    (["procpool", "doctor", "--js"], ["--json"]),
    (["procpool", "completions", "f"], ["fish"]),
    (["procpool", "chaos", "--w"], ["--workers"]),
    (["procpool", "top", "--", "--"], []),
  ]

  @Test(.enabled(if: path(.bash) != nil, "there is no bash here"), arguments: expected.indices)
  func bashDoes(_ index: Int) async throws {
    let (words, all) = Self.expected[index]
    let list = words.map { "'\($0)'" }.joined(separator: " ")
    let reply = try await run(
      .bash,
      "COMP_WORDS=(\(list)); COMP_CWORD=\(words.count - 1); _procpool; printf '%s\\n' \"${COMPREPLY[@]}\"")
    #expect(reply.filter { !$0.hasPrefix("--") || words.last!.hasPrefix("--") }.sorted() == all.sorted())
  }

  @Test(.enabled(if: path(.bash) != nil, "there is no bash here"))
  func bashUnderstandsAnEqualsSignAndFilesWithSpaces() async throws {
    let words = "COMP_WORDS=(procpool bench --scenario = ma); COMP_CWORD=4"
    #expect(try await run(.bash, "\(words); _procpool; printf '%s\\n' \"${COMPREPLY[@]}\"") == ["matmul"])
    // Where COMP_WORDBREAKS has no equals sign, the word is replaced as a whole.
    let whole = "COMP_WORDS=(procpool bench --scenario=pa); COMP_CWORD=2"
    #expect(
      try await run(.bash, "\(whole); _procpool; printf '%s\\n' \"${COMPREPLY[@]}\"")
        == ["--scenario=partial-sums", "--scenario=payload"])
    let folder = Scratch.path()
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("a b.json").path
    #expect(FileManager.default.createFile(atPath: file, contents: nil))
    let files = "COMP_WORDS=(procpool bench --json '\(folder.path)/a'); COMP_CWORD=3"
    #expect(try await run(.bash, "\(files); _procpool; printf '%s\\n' \"${COMPREPLY[@]}\"") == [file])
    let attached = "COMP_WORDS=(procpool bench '--json=\(folder.path)/a'); COMP_CWORD=2"
    #expect(
      try await run(.bash, "\(attached); _procpool; printf '%s\\n' \"${COMPREPLY[@]}\"") == ["--json=\(file)"]
    )
    let parent = "COMP_WORDS=(procpool bench '--json=\(folder.path)'); COMP_CWORD=2"
    #expect(
      try await run(.bash, "\(parent); _procpool; printf '%s\\n' \"${COMPREPLY[@]}\"")
        == ["--json=\(folder.path)/"])
  }

  /// What is typed, and what the command is called with then.
  private static let typed: [(keys: String, words: String)] = [
    ("procpool bench --scenario=ma\t\r", "bench --scenario=matmul"),
    ("procpool bench --scenario ma\t\r", "bench --scenario matmul"),
    ("procpool completions fi\t\r", "completions fish"),
    ("procpool doctor --json /dev/nul\t\r", "doctor --json /dev/null"),
    ("procpool doctor --json=/dev/nul\t\r", "doctor --json=/dev/null"),
  ]

  /// Types at a shell's prompt, as a user does, and looks at what the command is called with.
  private func type(
    _ keys: [(keys: String, words: String)], at shell: CompletionScript.Shell, setUp: String = ""
  )
    async throws
  {
    let script = Scratch.path()
    let call =
      shell == .fish
      ? "function procpool; echo called: $argv.; end" : "procpool() { printf 'called: %s.\\n' \"$*\"; }"
    let prompt = shell == .fish ? "function fish_prompt; echo -n 'ready> '; end" : "PS1='ready> '"
    let prelude = shell == .zsh ? "autoload -U compinit; compinit -D\n" : ""
    try "\(prelude)\(CompletionScript.text(for: shell))\n\(call)\n\(setUp)\n\(prompt)\n"
      .write(to: script, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: script) }
    let path = try #require(Self.path(shell)).path
    let arguments =
      switch shell {
      case .bash: ["--noprofile", "--rcfile", script.path, "-i"]
      case .zsh: ["-f", "-i"]
      case .fish: ["--no-config", "-i", "-C", "source \(script.path)"]
      }
    // What is on the screen where something else should be.
    let wrong = try await onThread { () -> String? in
      let terminal = try Terminal(path, arguments)
      if shell == .zsh { terminal.type("source \(script.path)\r") }
      guard terminal.shows("ready> ") else { return terminal.output }
      for (keys, words) in keys {
        let start = terminal.output.utf8.count
        terminal.type(keys)
        guard terminal.shows("called: \(words).", since: start), terminal.shows("ready> ", since: start)
        else {
          return "\(words) is not in " + terminal.output
        }
      }
      return nil
    }
    #expect(wrong == nil, "\(wrong.debugDescription)")
  }

  @Test(
    .enabled(if: path(.bash) != nil, "there is no bash here"),
    arguments: ["", "COMP_WORDBREAKS=${COMP_WORDBREAKS//=/}"])
  func bashCompletesAtItsPrompt(setUp: String) async throws {
    try await type(Self.typed, at: .bash, setUp: setUp)
  }

  @Test(.enabled(if: path(.zsh) != nil, "there is no zsh here")) func zshCompletesAtItsPrompt() async throws {
    try await type(Self.typed, at: .zsh)
  }

  @Test(.enabled(if: path(.fish) != nil, "there is no fish here"), arguments: expected.indices)
  func fishDoes(_ index: Int) async throws {
    let (words, all) = Self.expected[index]
    let reply = try await run(.fish, "complete -C '\(words.joined(separator: " "))'")
    #expect(Set(reply.map { String($0.prefix { $0 != "\t" }) }) == Set(all))
  }

  @Test(.enabled(if: path(.zsh) != nil, "there is no zsh here")) func zshTakesTheScript() async throws {
    let functions = try await run(.zsh, "print -l ${(ok)functions[(I)_procpool*]}; print $_comps[procpool]")
    #expect(functions.contains("_procpool_bench") && functions.contains("_procpool_completions_zsh"))
    #expect(functions.last == "_procpool")
  }

  @Test func everyOptionAndCommandIsInEveryScript() {
    func check(_ command: CommandDescription, _ text: String) {
      for option in command.allOptions { #expect(text.contains(option.name)) }
      for below in command.commands {
        #expect(text.contains(below.word))
        check(below, text)
      }
    }
    for shell in CompletionScript.Shell.allCases {
      check(Commands.procpool, CompletionScript.text(for: shell))
    }
  }

  @Test func theProgramPrintsThem() async throws {
    for shell in CompletionScript.Shell.allCases {
      let outcome = try await Program.run(["completions", shell.rawValue])
      #expect(outcome.status == 0 && outcome.errors.isEmpty)
      #expect(outcome.output == CompletionScript.text(for: shell))
    }
    let outcome = try await Program.run(["completions"])
    #expect(outcome.status == 64 && outcome.errors.contains("accepted: bash, zsh, fish"))
  }
}

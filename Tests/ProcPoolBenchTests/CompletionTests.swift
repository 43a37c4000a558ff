import Testing

import struct Foundation.URL
import class Foundation.FileManager

@testable import procpool

@Suite(.timeLimit(.minutes(1))) struct ShellsCompleteWhatTheDescriptionSays {
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
    (["procpool", "doctor", "--js"], ["--json"]),
    (["procpool", "completions", "f"], ["fish"]),
    (["procpool", "chaos", "--w"], ["--workers"]),
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
    let folder = Scratch.path()
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("a b.json").path
    #expect(FileManager.default.createFile(atPath: file, contents: nil))
    let files = "COMP_WORDS=(procpool bench --json '\(folder.path)/a'); COMP_CWORD=3"
    #expect(try await run(.bash, "\(files); _procpool; printf '%s\\n' \"${COMPREPLY[@]}\"") == [file])
  }

  @Test(.enabled(if: path(.fish) != nil, "there is no fish here"), arguments: expected.indices)
  func fishDoes(_ index: Int) async throws {
    let (words, all) = Self.expected[index]
    let reply = try await run(.fish, "complete -C '\(words.joined(separator: " "))'")
    #expect(Set(reply.map { String($0.prefix { $0 != "\t" }) }) == Set(all))
  }

  /// What it completes cannot be asked for without a terminal.
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

import CProcPoolShims
import Dispatch
import Glibc
import Testing

@testable import ProcPoolBench
@testable import ProcPoolCommand

import struct Foundation.Data
import class Foundation.FileManager
import class Foundation.JSONSerialization
import class Foundation.Thread

/// Runs a body that waits on a thread of its own: those of Swift tasks are few. What it expects would be no test's: it
/// returns what is to be looked at.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
  try await withCheckedThrowingContinuation { continuation in
    Thread { continuation.resume(with: Swift.Result { try body() }) }.start()
  }
}

@Suite(
  "What is written arrives whole, or the exit status and a message say that it has not",
  .timeLimit(.minutes(5)))
struct Streams {
  /// Runs the program with full pipes that do not block, and reads them only after it has had time to fail.
  private func run(_ arguments: [String]) async throws -> (
    status: Int32?, output: String, errors: String, blocks: Bool
  ) {
    try await onThread {
      let (output, errors) = (try FullPipe(), try FullPipe())
      let pid = try SpawnedProgram.start(
        arguments, output: .descriptor(output.writer), errors: .descriptor(errors.writer))
      // A program that ends now has not written anything.
      let early = try SpawnedProgram.status(pid, milliseconds: 1_000)
      // The setting is the open file's, and so the parent's too.
      let blocks = output.blocks || errors.blocks
      output.closeWriter()
      errors.closeWriter()
      nonisolated(unsafe) var messages = ""
      let errorsAreRead = DispatchSemaphore(value: 0)
      Thread {
        messages = errors.drain()
        errorsAreRead.signal()
      }.start()
      let text = output.drain()
      errorsAreRead.wait()
      let status = try early ?? SpawnedProgram.status(pid, milliseconds: SpawnedProgram.patience)
      return (status, text, messages, blocks)
    }
  }

  @Test(
    "A standard output that does not block gets everything, from every command that prints",
    arguments: [
      ["--help"], ["--version"], ["bench", "--help"], ["top", "--help"], ["chaos", "--help"],
      ["soak", "--help"],
      ["completions", "bash"], ["completions", "zsh"], ["completions", "fish"], ["doctor", "--help"],
    ])
  func fixedTexts(arguments: [String]) async throws {
    let outcome = try await run(arguments)
    let toFile = try await Program.run(arguments)
    #expect(outcome.status == 0 && outcome.errors.isEmpty && !outcome.blocks)
    #expect(outcome.output == toFile.output)
  }

  @Test(
    "So do reports, in every form",
    arguments: [
      (["doctor"], "pidfd"), (["doctor", "--json", "-"], "]\n}\n"), (["top", "--json"], "]\n}\n"),
      (["doctor", "--json", "/dev/stdout"], "]\n}\n"), (["top", "--once"], "\n"),
      (["chaos", "--seconds", "1", "--seed", "3", "--workers", "3"], "seed 3\n"),
    ])
  func reports(arguments: [String], mark: String) async throws {
    let outcome = try await SharedFolder.alone { try await run(arguments) }
    #expect(outcome.status == 0 && !outcome.blocks, "\(outcome.errors)")
    #expect(outcome.output.contains(mark))
    if arguments.contains("--json") {
      #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) }
    }
  }

  @Test(
    "So does the benchmark: results to one stream, tables to the other",
    arguments: ["--json", "--csv", "--markdown", "--report"])
  func benchmark(form: String) async throws {
    let outcome = try await run(
      ["bench", "--quick", "--repeat", "2", "--workers", "1", "--case", "apply", form, "-"])
    #expect(outcome.status == 0 && !outcome.blocks, "\(outcome.errors)")
    #expect(outcome.output.contains("round-trips") && outcome.output.hasSuffix("\n"))
    #expect(outcome.errors.contains("round-trips"))
  }

  @Test("So does a message on standard error") func messages() async throws {
    let outcome = try await run(["bench", "--workers", "none"])
    #expect(outcome.status == 64 && outcome.output.isEmpty)
    #expect(
      outcome.errors.hasPrefix("procpool: --workers does not accept 'none'") && outcome.errors.hasSuffix("\n")
    )
  }

  /// What cannot be written to, and how the message says so.
  enum Fault: CaseIterable { case closed, full, noReader, tooLong }

  @Test(
    "A standard output that takes nothing is an error with a message, of every command",
    arguments: Fault.allCases,
    [
      ["--help"], ["completions", "bash"], ["doctor"], ["doctor", "--json", "-"], ["top", "--json"],
      ["--version"],
    ])
  func faults(fault: Fault, arguments: [String]) async throws {
    let message =
      switch fault {
      case .closed: "Bad file descriptor"
      case .full: "No space left on device"
      case .noReader: "Broken pipe"
      case .tooLong: "File too large"
      }
    let errors = try Scratch.file()
    let output = try Scratch.file()
    defer { for file in [errors, output] { try? FileManager.default.removeItem(at: file) } }
    let redirection =
      switch fault {
      case .closed: ">&-"
      case .full: ">/dev/full"
      case .tooLong: ">>'\(output.path)'"
      case .noReader: ""
      }
    // A file of as many bytes as the limit (blocks of 512 bytes, or of 1 024 in bash) takes none.
    try Data(repeating: 0, count: 1 << 16).write(to: output)
    let status = try await onThread { () -> Int32? in
      let words = arguments.map { "'\($0)'" }.joined(separator: " ")
      let program = Program.folder.appendingPathComponent("procpool").path
      let file = open(errors.path, O_WRONLY | O_CLOEXEC)
      defer { close(file) }
      if fault == .noReader {
        var ends: [Int32] = [0, 0]
        guard procpool_pipe_cloexec(&ends) == 0 else { return nil }
        close(ends[0])
        defer { close(ends[1]) }
        let pid = try SpawnedProgram.start(arguments, output: .descriptor(ends[1]), errors: .descriptor(file))
        return try SpawnedProgram.status(pid, milliseconds: SpawnedProgram.patience)
      }
      let limit = fault == .tooLong ? "ulimit -f 1; " : ""
      let pid = try SpawnedProgram.start(
        ["-c", "\(limit)exec '\(program)' \(words) \(redirection)"], at: "/bin/sh", output: .closed,
        errors: .descriptor(file))
      return try SpawnedProgram.status(pid, milliseconds: SpawnedProgram.patience)
    }
    let text = try String(contentsOf: errors, encoding: .utf8)
    #expect(status == 74)
    #expect(text == "procpool: standard output cannot be written: \(message)\n")
  }
}

import Glibc
import Synchronization
import Testing

import struct Foundation.Data
import class Foundation.FileHandle
import class Foundation.FileManager
import class Foundation.JSONSerialization
import class Foundation.Pipe
import class Foundation.Process
import class Foundation.Thread
import struct Foundation.URL
import struct Foundation.UUID

/// The program that is built beside the tests, called as a user calls it.
enum Program {
  struct Outcome {
    var status: Int32
    var output: String
    var errors: String
  }

  /// The folder of the built programs: that of the test runner.
  static let folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent()

  /// Runs it to its end. A test that is cancelled kills it.
  ///
  /// On a thread of its own: those of Swift tasks are as many as processors, for all tests, and one that has
  /// started a process keeps a run loop with a descriptor, which tests that look for what is left would find.
  static func run(
    _ arguments: [String], at path: URL = folder.appendingPathComponent("procpool")
  ) async throws -> Outcome {
    let pid = Mutex<Int32?>(nil)
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        Thread {
          continuation.resume(
            with: Result {
              try runAndWait(arguments, at: path) { started in pid.withLock { $0 = started } }
            })
        }.start()
      }
    } onCancel: {
      if let pid = pid.withLock({ $0 }) { kill(pid, SIGKILL) }
    }
  }

  private static func runAndWait(
    _ arguments: [String], at path: URL, started: (Int32) -> Void
  ) throws -> Outcome {
    let process = Process()
    process.executableURL = path
    process.arguments = arguments
    let output = try Scratch.file()
    let errors = try Scratch.file()
    defer {
      try? FileManager.default.removeItem(at: output)
      try? FileManager.default.removeItem(at: errors)
    }
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    started(process.processIdentifier)
    process.waitUntilExit()
    return Outcome(
      status: process.terminationStatus, output: try String(contentsOf: output, encoding: .utf8),
      errors: try String(contentsOf: errors, encoding: .utf8))
  }
}

/// Files that a test makes and removes.
enum Scratch {
  static func path() -> URL {
    FileManager.default.temporaryDirectory.appendingPathComponent("procpool-test-\(UUID().uuidString)")
  }

  static func file() throws -> URL {
    let path = path()
    try Data().write(to: path)
    return path
  }
}

@Suite(
  "The program says what happened, where it belongs, and ends with the right status", .timeLimit(.minutes(5)))
struct ProgramBehaviour {
  @Test(
    "Bad usage is one line on standard error and status 64",
    arguments: [
      ["bench", "--workers", "0"], ["soak", "--minutes", "0"], ["chaos", "--seed", "-1"], ["nonsense"], [],
    ])
  func usage(arguments: [String]) async throws {
    let outcome = try await Program.run(arguments)
    #expect(outcome.status == 64)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors.hasPrefix("procpool: "))
    #expect(outcome.errors.split(separator: "\n").count == 1)
    #expect(outcome.errors.contains("accepted: "))
  }

  @Test(
    "Help and version go to standard output",
    arguments: [
      ["--help"], ["bench", "--help"], ["doctor", "--help"], ["top", "--help"], ["chaos", "--help"],
      ["soak", "--help"],
      ["help"], ["--version"],
      ["bench", "--version"],
    ])
  func questions(arguments: [String]) async throws {
    let outcome = try await Program.run(arguments)
    #expect(outcome.status == 0)
    #expect(outcome.output.hasPrefix("procpool"))
    #expect(outcome.errors.isEmpty)
  }

  @Test("A file that cannot be written is found before the work begins, with status 73")
  func unwritable() async throws {
    let outcome = try await Program.run(["bench", "--json", "/nonexistent/folder/results.json"])
    #expect(outcome.status == 73)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors.contains("/nonexistent/folder/results.json"))
    #expect(outcome.errors.split(separator: "\n").count == 1)
  }

  @Test("With --json - the JSON is all that is on standard output")
  func jsonAlone() async throws {
    let outcome = try await Program.run([
      "bench", "--quick", "--case", "apply", "--workers", "2", "--json", "-",
    ])
    #expect(outcome.status == 0, "\(outcome.errors)")
    let parsed = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
    let measurements = try #require(parsed?["measurements"] as? [[String: Any]])
    #expect(measurements.count == 1)
    #expect(measurements.allSatisfy { $0["verified"] as? Bool == true })
    #expect(measurements.allSatisfy { $0["bytesSent"] as? Int ?? 0 > 0 })
    #expect(outcome.errors.contains("round-trips"))
  }

  @Test("A run ends with its summary, and its tables come before that if they are asked for")
  func details() async throws {
    let arguments = ["bench", "--quick", "--case", "apply", "--workers", "1", "--repeat", "1"]
    let short = try await Program.run(arguments)
    #expect(short.status == 0 && short.errors.isEmpty, "\(short.errors)")
    #expect(short.output.contains("\nsummary, 1 worker\n") && !short.output.contains("verified"))
    let long = try await Program.run(arguments + ["--details"])
    #expect(long.status == 0 && long.errors.isEmpty, "\(long.errors)")
    let table = try #require(long.output.firstRange(of: "verified"))
    let summary = try #require(long.output.firstRange(of: "summary, 1 worker"))
    #expect(table.lowerBound < summary.lowerBound)
  }

  @Test("The JSON replaces what was in a file, and there is no progress where there is no terminal")
  func jsonFile() async throws {
    let file = try Scratch.file()
    defer { try? FileManager.default.removeItem(at: file) }
    try Data(repeating: UInt8(ascii: "x"), count: 100_000).write(to: file)
    let outcome = try await Program.run([
      "bench", "--quick", "--case", "imap", "--workers", "1", "--json", file.path,
    ])
    #expect(outcome.status == 0, "\(outcome.errors)")
    // The faster of two, `chunk-1` and `chunk-64`: on a busy machine either may be that.
    #expect(outcome.output.contains("(chunk-"))
    #expect(outcome.errors.isEmpty)
    #expect(try JSONSerialization.jsonObject(with: Data(contentsOf: file)) is [String: Any])
  }

  @Test("Without its worker the program says so in one line, ends with status 70 and leaves no file")
  func missingWorker() async throws {
    let folder = Scratch.path()
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let copy = folder.appendingPathComponent("procpool")
    try link("procpool", to: copy)
    let results = folder.appendingPathComponent("results.json")
    let outcome = try await Program.run(["bench", "--quick", "--json", results.path], at: copy)
    #expect(outcome.status == 70)
    #expect(outcome.errors.contains("procpool-bench-worker"))
    #expect(outcome.errors.split(separator: "\n").count == 1)
    #expect(!FileManager.default.fileExists(atPath: results.path))
  }

  @Test("Where it is installed the worker is found in libexec") func installedWorker() async throws {
    let folder = Scratch.path()
    let worker = folder.appendingPathComponent("libexec/procpool/procpool-bench-worker")
    let copy = folder.appendingPathComponent("bin/procpool")
    for file in [worker, copy] {
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    }
    defer { try? FileManager.default.removeItem(at: folder) }
    try link("procpool", to: copy)
    try link("procpool-bench-worker", to: worker)
    let outcome = try await Program.run(
      ["bench", "--quick", "--scenario", "spawn", "--workers", "1", "--repeat", "1"], at: copy)
    #expect(outcome.status == 0, "\(outcome.errors)")
  }

  private func link(_ name: String, to copy: URL) throws {
    let program = Program.folder.appendingPathComponent(name)
    // A file that has just been written may still be open for writing in a process that another test is starting, and
    // then the system does not run it.
    do { try FileManager.default.linkItem(at: program, to: copy) } catch {
      try FileManager.default.copyItem(at: program, to: copy)
    }
  }
}

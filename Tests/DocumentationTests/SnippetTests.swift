import Testing

import struct Foundation.Data
import class Foundation.FileHandle
import class Foundation.FileManager
import class Foundation.Process
import class Foundation.Thread
import struct Foundation.URL
import struct Foundation.UUID

/// The repository, and what has been built of it.
private enum Place {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  /// Where the test runner lies, and what it was linked from.
  static let built = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent()

  /// The files in a folder and below it, in order.
  static func files(below folder: String, _ ending: String) -> [String] {
    let found = FileManager.default.enumerator(atPath: root.appendingPathComponent(folder).path)
    return (found?.compactMap { $0 as? String } ?? []).filter { $0.hasSuffix(ending) }.map {
      "\(folder)/\($0)"
    }.sorted()
  }

  static func text(of file: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent(file), encoding: .utf8)
  }
}

/// Runs a program to its end, for five minutes at the most.
///
/// On a thread of its own: those of Swift tasks are as many as processors, for all tests, and one that has started a
/// process keeps a run loop with a descriptor, which tests that look for what is left would find.
private func run(_ arguments: [String], in folder: URL) async throws -> (status: Int32, output: String) {
  try await withCheckedThrowingContinuation { continuation in
    Thread { continuation.resume(with: Result { try runAndWait(arguments, in: folder) }) }.start()
  }
}

private func runAndWait(_ arguments: [String], in folder: URL) throws -> (status: Int32, output: String) {
  let log = folder.appendingPathComponent("output-\(UUID().uuidString)")
  try Data().write(to: log)
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = ["timeout", "300"] + arguments
  process.currentDirectoryURL = folder
  let handle = try FileHandle(forWritingTo: log)
  process.standardOutput = handle
  process.standardError = handle
  try process.run()
  process.waitUntilExit()
  return (process.terminationStatus, try String(contentsOf: log, encoding: .utf8))
}

private func withFolder(_ body: (URL) async throws -> Void) async throws {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
    "procpool-docs-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  try await body(folder)
}

@Suite(
  "Every block of code in the documentation compiles, runs, and gives what it says", .timeLimit(.minutes(10)))
struct DocumentedCode {
  /// Files whose indented blocks are no Swift, or are not about what users can call.
  private static let others: Set = [
    "Sources/ProcPool/Model/Autopsy.swift", "Sources/ProcPool/Runtime/MemoryLane.swift",
    "Sources/ProcPoolSharedMemory/Arrays/SharedArray+Named.swift",
    "Sources/ProcPoolSystem/Calls/Injection.swift",
    "Sources/ProcPoolSystem/Threads/SharedWakeUp.swift", "Sources/ProcPoolWire/Codec/General/WireBytes.swift",
  ]

  private static func articles() throws -> [CodeBlock] {
    try (["README.md"] + Place.files(below: "Sources/ProcPool/ProcPool.docc", ".md")).flatMap {
      CodeBlock.inArticle(try Place.text(of: $0), file: $0)
    }
  }

  private static func comments() throws -> [CodeBlock] {
    try [
      "ProcPool", "ProcPoolWorker", "ProcPoolProtocol", "ProcPoolWire", "ProcPoolSharedMemory",
      "ProcPoolSystem",
      "ProcPoolFoundation",
    ]
    .flatMap { Place.files(below: "Sources/\($0)", ".swift") }.filter { !others.contains($0) }
    .flatMap { CodeBlock.inComments(try Place.text(of: $0), file: $0) }
  }

  @Test("Blocks of Swift in articles and doc comments")
  func programs() async throws {
    let articles = try Self.articles()
    let comments = try Self.comments()
    // That they are found at all.
    #expect(articles.count >= 15 && comments.count >= 25, "\(articles.count), \(comments.count)")
    var program = SnippetProgram()
    var units: [[CodeBlock]] = []
    for block in (articles + comments).filter({ !$0.isManifest }) {
      if units.last?.last?.unit == block.unit {
        units[units.count - 1].append(block)
      } else {
        units.append([block])
      }
    }
    for unit in units { program.add(unit) }
    #expect(program.runCount >= 30)
    try await withFolder { folder in
      let source = folder.appendingPathComponent("Snippets.swift")
      try Data(program.text.utf8).write(to: source)
      let (status, output) = try await run(
        ["swiftc"] + compilerArguments(source) + ["-o", "snippets"], in: folder)
      try #require(status == 0, "they do not compile:\n\(output)")
      let outcome = try await run(["./snippets"], in: folder)
      // Each says its name before it runs; the last lines say what it was.
      let last = outcome.output.split(separator: "\n").suffix(5).joined(separator: "\n")
      #expect(outcome.status == 0, "they do not run:\n\(last)")
      #expect(last.contains("\(program.runCount) blocks have been run."))
    }
  }

  private func compilerArguments(_ source: URL) throws -> [String] {
    let context = Place.root.appendingPathComponent("Tests/DocumentationTests/Context/Context.swift").path
    let modules = [
      "ProcPool", "ProcPoolFoundation", "ProcPoolWorker", "ProcPoolProtocol", "ProcPoolSharedMemory",
      "ProcPoolWire",
      "ProcPoolSystem",
      "CProcPoolShims",
    ]
    // Those of sources that are there: an older build may have left others.
    let objects = modules.flatMap { module in
      let sources = Set(
        Place.files(below: "Sources/\(module)", "").map { $0.split(separator: "/").last! + ".o" })
      let folder = Place.built.appendingPathComponent("\(module).build").path
      return (FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? [])
        .filter { sources.contains($0.split(separator: "/").last ?? "") }.map { "\(folder)/\($0)" }
    }
    let shims = Place.root.appendingPathComponent("Sources/CProcPoolShims/include").path
    // Warnings of values that nobody uses are no fault of an example.
    return [
      "-O", "-swift-version", "6", "-parse-as-library", "-suppress-warnings", "-module-name", "Snippets",
      "-I",
      Place.built.appendingPathComponent("Modules").path, "-Xcc",
      "-fmodule-map-file=\(Place.built.appendingPathComponent("CProcPoolShims.build/module.modulemap").path)",
      "-Xcc", "-I\(shims)", source.path, context,
    ] + objects
  }

  @Test("Manifests, and parts of them")
  func manifests() async throws {
    let manifests = try Self.articles().filter(\.isManifest)
    #expect(manifests.count >= 4)
    for block in manifests {
      try await withFolder { folder in
        try Data(block.manifest.utf8).write(to: folder.appendingPathComponent("Package.swift"))
        let (status, output) = try await run(["swift", "package", "dump-package"], in: folder)
        #expect(status == 0, "\(block.name):\n\(output)")
      }
    }
  }
}

@Suite("What is no working code is found out")
struct CodeThatDoesNotWork {
  private let article = """
    # An article

    ```swift
    struct Twice: PoolTask {
      func run(_ x: Int) -> Int { 2 * x }
    }

    print(try await pool.map(Twice(), over: [1, 2]))    // [2, 4]
    ```

    ```
    no Swift
    ```
    """

  @Test("Blocks are found with their lines, and values compared where a comment says them")
  func blocks() throws {
    let blocks = CodeBlock.inArticle(article, file: "A.md")
    #expect(blocks.map(\.line) == [4])
    var program = SnippetProgram()
    program.add(blocks)
    #expect(program.runCount == 1)
    #expect(program.text.contains("check(try await pool.map(Twice(), over: [1, 2]), \"[2, 4]\", \"A.md:8\")"))
    #expect(program.text.contains("try await Unit1.block4(pool)"))
  }

  @Test("What goes on with a list is no code, and what is left to the reader is compiled and not run")
  func comments() {
    let text = """
      /// Runs.
      ///
      ///     for x in pool.imap(f) { … }
      ///
      /// - Parameter x: what
      ///     goes on.
      func run() {}
      """
    let blocks = CodeBlock.inComments(text, file: "A.swift")
    #expect(blocks.map(\.lines) == [["for x in pool.imap(f) { … }", ""]])
    var program = SnippetProgram()
    program.add(blocks)
    #expect(program.runCount == 0)
    #expect(program.text.contains("for x in pool.imap(f) {  }"))
  }
}

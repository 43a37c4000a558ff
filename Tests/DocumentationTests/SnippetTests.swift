import Testing

import struct Foundation.Data

@Suite(
  "Every block of code in the documentation compiles, runs, and gives what it says", .timeLimit(.minutes(10)))
struct DocumentedCode {
  /// Files whose indented blocks are no Swift, or are not about what users can call.
  private static let others: Set = [
    "Sources/ProcPool/Model/Autopsy.swift",
    "Sources/ProcPool/Runtime/Payloads/PayloadMemory.swift",
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
      let context = Place.root.appendingPathComponent("Tests/DocumentationTests/Context/Context.swift").path
      let (status, output) = try await run(
        // Unused values are no fault of an example.
        ["swiftc", "-O", "-parse-as-library", "-suppress-warnings", "-module-name", "Snippets"]
          + Compiler.arguments + [source.path, context, "-o", "snippets"] + Compiler.objects, in: folder)
      try #require(status == 0, "they do not compile:\n\(output)")
      let outcome = try await run(["./snippets"], in: folder)
      // Each says its name before it runs; the last lines say what it was.
      let last = outcome.output.split(separator: "\n").suffix(5).joined(separator: "\n")
      #expect(outcome.status == 0, "they do not run:\n\(last)")
      #expect(last.contains("\(program.runCount) blocks have been run."))
    }
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

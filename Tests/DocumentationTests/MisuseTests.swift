import Testing

@Suite("The compiler names the mistakes that are made with a pool", .timeLimit(.minutes(10)))
struct Misuse {
  private struct Message: Equatable {
    var line: Int
    var text: String
  }

  private func compile(_ file: String) async throws -> (status: Int32, output: String) {
    try await withFolder { folder in
      // From the repository, so that messages have the file's name as it is given here.
      try await run(
        ["swiftc", "-typecheck", "-parse-as-library", "-diagnostic-style", "llvm"] + Compiler.arguments + [
          file
        ],
        in: Place.root, log: folder)
    }
  }

  @Test("Each line of Misuse.swift gets the message that its comment has, and no other")
  func misuse() async throws {
    let file = "Tests/DocumentationTests/Context/Misuse.swift"
    var expected: [Int: String] = [:]
    for (index, line) in try Place.text(of: file).split(separator: "\n", omittingEmptySubsequences: false)
      .enumerated()
    {
      guard !line.hasPrefix("//"), let comment = line.firstRange(of: "  // ") else { continue }
      expected[index + 1] = String(line[comment.upperBound...])
    }
    #expect(expected.count >= 110)
    let (status, output) = try await compile(file)
    #expect(status != 0)
    var found: [Int: [String]] = [:]
    for line in output.split(separator: "\n") {
      guard line.hasPrefix(file), let error = line.firstRange(of: " error: ") else { continue }
      let number = try #require(
        line.dropFirst(file.count + 1).split(separator: ":").first.flatMap { Int($0) })
      found[number, default: []].append(String(line[error.upperBound...]))
    }
    for (line, text) in expected {
      #expect(found[line]?.contains { $0.contains(text) } == true, "line \(line): \(found[line] ?? [])")
    }
    #expect(Set(found.keys).subtracting(expected.keys).isEmpty)
    #expect(!output.contains("failed to produce diagnostic"))
  }

  @Test("What is right compiles as before")
  func good() async throws {
    let (status, output) = try await compile("Tests/DocumentationTests/Context/Good.swift")
    #expect(status == 0, "\(output)")
  }
}

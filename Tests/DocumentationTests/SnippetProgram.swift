/// One program of many blocks of code, that is its own worker, runs them one after the other, and compares values with
/// what comments at the ends of lines say they are.
struct SnippetProgram {
  private(set) var source = "import Foundation\nimport ProcPool\n"
  private var calls: [String] = []
  private var units = 0

  /// Adds blocks that share their names.
  mutating func add(_ blocks: [CodeBlock]) {
    units += 1
    let unit = "Unit\(units)"
    var declared: Set<String> = []
    var members = ""
    var extensions = ""
    for block in blocks {
      let (declarations, statements) = Self.parts(of: block)
      for declaration in declarations {
        if let name = Self.name(of: declaration.code) { declared.insert(name) }
      }
      for declaration in declarations {
        let code = Self.filled(declaration.code)
        let place = "#sourceLocation(file: \"\(block.file)\", line: \(block.line + declaration.offset))\n"
        if code.first!.hasPrefix("extension ") {
          // Outside of the unit, and so with its name before those that are the unit's.
          extensions +=
            place + code.map { Self.qualified($0, declared, by: unit) }.joined(separator: "\n") + "\n"
          continue
        }
        let isMember = code.first!.hasPrefix("func ")
        members += isMember ? "struct Member\(block.line)_\(declaration.offset) {\n" : ""
        members += place + code.joined(separator: "\n") + "\n" + (isMember ? "}\n" : "")
        // What an ellipsis stands for cannot be run.
        let isWhole = declaration.code == code
        if isWhole, declaration.isMain, let name = Self.name(of: declaration.code),
          code[0].contains(": PoolProgram")
        {
          calls.append("try await \(unit).\(name).run()")
        }
        if isWhole, declaration.isTest, let name = Self.functionName(code[0]) {
          calls.append("try await \(unit).Member\(block.line)_\(declaration.offset)().\(name)()")
        }
      }
      guard !statements.isEmpty else { continue }
      let function = "block\(block.line)"
      let inTask = statements.contains { $0.contains("TaskContext.") }
      let filled = Self.filled(statements)
      let checked = filled.enumerated().map { Self.checked($1, at: "\(block.file):\(block.line + $0)") }
      members +=
        inTask
        ? "struct Task\(block.line): PoolTask {\nfunc run(_: Int) async throws {\n"
        : "static func \(function)(_ pool: Pool) async throws {\n"
      members +=
        "#sourceLocation(file: \"\(block.file)\", line: \(block.line))\n" + checked.joined(separator: "\n")
      members += inTask ? "\n}\n}\n" : "\n}\n"
      guard filled == statements else { continue }
      calls.append(
        inTask
          ? "try await pool.apply(\(unit).Task\(block.line)(), to: 0)" : "try await \(unit).\(function)(pool)"
      )
    }
    source += "enum \(unit) {\n\(members)}\n\(extensions)#sourceLocation()\n"
  }

  /// The whole of it.
  var text: String {
    source + """
      func check<Value>(_ value: Value, _ expected: String, _ place: String) {
        let actual = "\\(value)"
        let isRight = expected.last == "…" ? actual.hasPrefix(expected.dropLast()) : actual == expected
        if isRight { return }
        say("\\(place) says \\(expected), and it is \\(actual)")
        exit(1)
      }
      func say(_ text: String) { FileHandle.standardError.write(Data((text + "\\n").utf8)) }
      @main struct Snippets: PoolProgram {
        static func run() async throws {
          try await withPool(workers: 2) { pool in
            \(calls.map { "say(\(String(reflecting: $0)))\n      \($0)" }.joined(separator: "\n      "))
          }
          print("\(calls.count) blocks have been run.")
        }
      }
      """
  }

  /// How many of the blocks are run, and not only compiled.
  var runCount: Int { calls.count }
}

// MARK: - The parts of a block

extension SnippetProgram {
  private struct Declaration {
    var code: [String]
    /// In which line of its block it begins.
    var offset: Int
    var isMain = false
    var isTest = false
  }

  /// Declarations that go around statements: those that begin a line, up to the brace that closes them.
  private static func parts(of block: CodeBlock) -> (declarations: [Declaration], statements: [String]) {
    var declarations: [Declaration] = []
    // With an empty line for each that belongs to a declaration, so that lines keep their numbers.
    var statements: [String] = []
    var open: Declaration?
    var isMain = false
    for (offset, line) in block.lines.enumerated() {
      var line = line
      if open == nil {
        if line.hasPrefix("import ") {
          statements.append("")
          continue
        }
        if line.hasPrefix("@main") {
          isMain = true
          line = String(line.dropFirst("@main".count).drop { $0 == " " })
          if line.isEmpty {
            statements.append("")
            continue
          }
        }
        let isTest = line.hasPrefix("@Test ")
        if isTest { line = String(line.dropFirst("@Test ".count)) }
        if ["struct ", "enum ", "extension ", "final class ", "actor ", "func ", "protocol "].contains(
          where: line.hasPrefix)
        {
          open = Declaration(code: [], offset: offset, isMain: isMain, isTest: isTest)
          isMain = false
        }
      }
      guard open != nil else {
        statements.append(line)
        continue
      }
      open!.code.append(open!.isTest ? line.replacing("#expect(", with: "precondition(") : line)
      statements.append("")
      // On one line, or with a brace of its own at the end.
      if line == "}" || open!.code.count == 1 && isBalanced(line) {
        declarations.append(open!)
        open = nil
      }
    }
    return (declarations, statements.allSatisfy { $0.isEmpty } ? [] : statements)
  }

  /// A line in which names stand with what they are declared in.
  private static func qualified(_ line: String, _ names: Set<String>, by unit: String) -> String {
    var result = ""
    var word = ""
    func isOfName(_ character: Character) -> Bool {
      character.isLetter || character.isNumber || character == "_"
    }
    for character in line + "\n" {
      if isOfName(character) {
        word.append(character)
      } else {
        result += (names.contains(word) ? "\(unit)." : "") + word
        word = ""
        if character != "\n" { result.append(character) }
      }
    }
    return result
  }

  private static func isBalanced(_ line: String) -> Bool {
    let code = CodeBlock.withoutComment(line)
    return code.hasSuffix("}") && code.count { $0 == "{" } == code.count { $0 == "}" }
  }

  private static func name(of declaration: [String]) -> String? {
    let words = declaration[0].split { $0 == " " || $0 == ":" || $0 == "{" || $0 == "<" }
    guard let keyword = words.firstIndex(where: { ["struct", "enum", "class", "actor"].contains($0) }) else {
      return nil
    }
    return words.dropFirst(keyword + 1).first.map(String.init)
  }

  private static func functionName(_ line: String) -> String? {
    guard let start = line.firstRange(of: "func ") else { return nil }
    return String(line[start.upperBound...].prefix { $0.isLetter || $0.isNumber })
  }

  /// Code in which an ellipsis, which leaves something to the reader, is something that compiles.
  private static func filled(_ code: [String]) -> [String] {
    code.map { line in
      let comment = line.firstRange(of: "//")?.lowerBound ?? line.endIndex
      let text = line[..<comment]
      if text.allSatisfy({ $0 == " " || $0 == "…" }), text.contains("…") { return "fatalError()" }
      return String(text).replacing("…", with: "") + line[comment...]
    }
  }

  /// A line that compares the value which a comment at its end says it has.
  private static func checked(_ line: String, at place: String) -> String {
    guard let comment = line.firstRange(of: "//") else { return line }
    var code = String(line[..<comment.lowerBound])
    while code.last == " " { code.removeLast() }
    let expected = String(line[comment.upperBound...].drop { $0 == " " })
    guard let first = expected.first,
      first.isNumber || "[\"".contains(first) || ["true", "false"].contains(expected),
      !code.isEmpty
    else { return line }
    let indent = String(code.prefix { $0 == " " })
    let statement = code.dropFirst(indent.count)
    func check(_ expression: some StringProtocol) -> String {
      "check(\(expression), \(String(reflecting: expected)), \(String(reflecting: place)))"
    }
    if statement.hasPrefix("print("), statement.hasSuffix(")") {
      return indent + check(statement.dropFirst("print(".count).dropLast())
    }
    if statement.hasPrefix("let ") {
      let name = statement.dropFirst("let ".count).prefix { $0.isLetter || $0.isNumber }
      return "\(code); \(check(name))"
    }
    return indent + check(statement)
  }
}

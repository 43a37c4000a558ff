/// Swift code that stands in an article or in a doc comment.
struct CodeBlock {
  /// The file, and the line in which the code begins.
  var file: String
  var line: Int
  /// What shares its names: an article, or a doc comment.
  var unit: String
  var lines: [String]

  var name: String { "\(file):\(line)" }
}

extension CodeBlock {
  /// The blocks of an article that are marked as Swift.
  static func inArticle(_ text: String, file: String) -> [CodeBlock] {
    var blocks: [CodeBlock] = []
    var open: CodeBlock?
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      if line == "```swift", open == nil {
        open = CodeBlock(file: file, line: index + 2, unit: file, lines: [])
      } else if line.hasPrefix("```"), let block = open {
        blocks.append(block)
        open = nil
      } else {
        open?.lines.append(String(line))
      }
    }
    return blocks
  }

  /// The indented blocks of the doc comments of a source file. A block follows an empty line of its comment, as
  /// Markdown has it; what is indented elsewhere goes on with a list.
  static func inComments(_ text: String, file: String) -> [CodeBlock] {
    var blocks: [CodeBlock] = []
    var comment = 0
    var follows = false
    var isOpen = false
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let trimmed = line.drop { $0 == " " }
      guard trimmed.hasPrefix("///") else {
        comment = index
        (follows, isOpen) = (false, false)
        continue
      }
      let body = trimmed.dropFirst(3)
      if body.hasPrefix("     "), follows || isOpen {
        if !isOpen {
          blocks.append(CodeBlock(file: file, line: index + 1, unit: "\(file):\(comment)", lines: []))
        }
        blocks[blocks.count - 1].lines.append(String(body.dropFirst(5)))
        isOpen = true
      } else if body.allSatisfy({ $0 == " " }) {
        // An empty line ends a block or is part of it.
        if isOpen { blocks[blocks.count - 1].lines.append("") }
        follows = true
      } else {
        (follows, isOpen) = (false, false)
      }
    }
    return blocks
  }
}

extension CodeBlock {
  /// Whether it is a package's manifest, or a part of one.
  var isManifest: Bool {
    lines.contains { $0.hasPrefix("// swift-tools-version") } || lines.first?.hasPrefix(".") == true
  }

  /// A manifest that holds it.
  var manifest: String {
    if lines.contains(where: { $0.hasPrefix("// swift-tools-version") }) {
      return lines.joined(separator: "\n")
    }
    // Each entry of a list stands for itself, with a comma after it or without one.
    var entries: [String] = []
    for line in lines {
      if line.hasPrefix(".") { entries.append("") }
      entries[entries.count - 1] += line + "\n"
    }
    func list(_ isWanted: (String) -> Bool) -> String {
      entries.filter(isWanted).map { entry in
        let code = entry.split(separator: "\n").map { Self.withoutComment(String($0)) }.joined(
          separator: "\n")
        return code.last == "," ? code : code + ","
      }.joined(separator: "\n")
    }
    let packages = list { $0.hasPrefix(".package") }
    return """
      // swift-tools-version: 6.2
      import PackageDescription
      let package = Package(
        name: "Demo",
        dependencies: [\(packages.isEmpty ? ".package(path: \"../procpool\")" : packages)],
        targets: [\(list { !$0.hasPrefix(".package") })]
      )
      """
  }

  /// A line up to the comment at its end.
  static func withoutComment(_ line: String) -> String {
    guard let comment = line.firstRange(of: "//") else { return line }
    var code = line[..<comment.lowerBound]
    while code.last == " " { code.removeLast() }
    return String(code)
  }
}

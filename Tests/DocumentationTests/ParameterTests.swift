import Foundation
import Testing

/// A function below the public API takes at most six parameters: beyond that, values that belong together are one value.
@Suite struct FunctionsBelowThePublicAPITakeFewParameters {
  private static let modules = [
    "ProcPool", "ProcPoolProtocol", "ProcPoolSharedMemory", "ProcPoolSystem", "ProcPoolWire",
    "ProcPoolWorker",
  ]
  private static let most = 6

  /// The number of parameters of each function and initialiser in a source, with the text before it in its line.
  private static func functions(in source: String) throws -> [(before: Substring, name: String, count: Int)] {
    let code = source.replacing(#/\/\/[^\n]*/#, with: "")
    return code.matches(of: #/\b(?:func\s+[^\s(<]+|init[?!]?)\s*(?:<[^({]*?>)?\s*\(/#).compactMap { match in
      let start = code[..<match.range.lowerBound].lastIndex(of: "\n").map { code.index(after: $0) }
      let before = code[(start ?? code.startIndex)..<match.range.lowerBound]
      // A call of an initialiser.
      if before.hasSuffix(".") { return nil }
      let last = code.index(before: match.range.upperBound)
      return (before, String(match.output), count(ofParametersIn: code[last...]))
    }
  }

  /// - Parameter list: begins with the parenthesis of the parameters.
  private static func count(ofParametersIn list: Substring) -> Int {
    var depth = 0
    var angles = 0
    var commas = 0
    var isEmpty = true
    var previous: Character = " "
    for character in list {
      switch character {
      case "(", "[", "{": depth += 1
      case ")", "]", "}": depth -= 1
      case "<": angles += 1
      case ">" where previous != "-": angles = max(0, angles - 1)
      case "," where depth == 1 && angles == 0: commas += 1
      default: break
      }
      if depth == 0 { return isEmpty ? 0 : commas + 1 }
      if !character.isWhitespace, character != "(" || depth > 1 { isEmpty = false }
      previous = character
    }
    return 0
  }

  @Test func noneTakesMoreThanSix() throws {
    var seen = 0
    for file in Self.modules.flatMap({ Place.files(below: "Sources/\($0)", ".swift") }) {
      for (before, name, count) in try Self.functions(in: try Place.text(of: file)) {
        seen += 1
        if before.contains("public") { continue }
        #expect(count <= Self.most, "\(file): \(name)…")
      }
    }
    #expect(seen > 1500)
  }

  @Test func parametersAreCountedAsTheCompilerCountsThem() throws {
    let source = """
      func none() {}
      func two<A, B>(_ a: Dictionary<A, B>, b: (Int, Int) -> [Int: Int] = { ($0, $1) }) {}
      public init(a: Int) { self.init(a, b, c) }
      """
    #expect(try Self.functions(in: source).map(\.count) == [0, 2, 1])
  }
}

import Testing

@testable import ProcPoolSystem

@Suite struct LinesOfTextFromOutside {
  @Test(
    arguments: [
      ("", [""]), ("a", ["a"]), ("a\n", ["a", ""]), ("a\nb", ["a", "b"]), ("a\r\nb\r\n", ["a", "b", ""]),
      ("\r\n\r\na\n", ["", "", "a", ""]), ("a\rb\n", ["a\rb", ""]), ("e\n\u{301}x", ["e", "\u{301}x"]),
    ])
  func linesEndWithTheirNewline(_ text: String, _ lines: [String]) {
    #expect(text.lines(omittingEmpty: false) == lines.map { Substring($0) })
    #expect(text.lines() == lines.filter { !$0.isEmpty }.map { Substring($0) })
  }
}

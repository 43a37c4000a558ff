import Testing

@testable import ProcPoolSystem

@Suite struct QuotedTextDoesNothingToATerminal {
  @Test(arguments: [
    ("plain text, with an accent: é, 日本, 👩‍👩‍👧", "plain text, with an accent: é, 日本, 👩‍👩‍👧"),
    ("\u{1B}[31mred\u{1B}]0;title\u{7}", "\\u{1B}[31mred\\u{1B}]0;title\\u{7}"),
    ("\u{9B}31m\u{7F}\u{85}\u{0}", "\\u{9B}31m\\u{7F}\\u{85}\\u{0}"), ("a\u{8}b\rc", "a\\u{8}b\\u{D}c"),
    ("user\u{202E}gnp.exe\u{2066}\u{200F}", "user\\u{202E}gnp.exe\\u{2066}\\u{200F}"),
    ("a\u{2028}b\u{2029}", "a\\u{2028}b\\u{2029}"),
    ("one\ntwo\tthree\r\n", "one\\u{A}two\\u{9}three\\u{D}\\u{A}"),
  ])
  func whatItActsOnIsWrittenOut(text: String, shown: String) {
    #expect(text.visible() == shown)
    #expect(!text.visible().unicodeScalars.contains { $0.isActedOn })
    #expect(text.visible().visible() == text.visible())
  }

  @Test func linesAndTabsStayWhereTheyAreMeant() {
    #expect(
      "one\n\ttwo\r\nthree\rfour\u{1B}".visible(keepingLines: true) == "one\n\ttwo\nthree\\u{D}four\\u{1B}")
  }

  @Test func aLongTextIsCutWithASign() {
    #expect("abcdef".visible(atMost: 6) == "abcdef")
    #expect("abcdefg".visible(atMost: 6) == "abcdef…")
    #expect("".visible(atMost: 6) == "")
    // One character of a thousand scalars.
    let character = "e" + String(repeating: "\u{301}", count: 1_000)
    #expect(character.visible(atMost: 10).unicodeScalars.count == 11)
    #expect("ab\u{1B}cd".dropFirst().visible(atMost: 2) == "b\\u{1B}…")
  }
}

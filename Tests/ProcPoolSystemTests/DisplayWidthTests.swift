import Glibc
import Testing

/// The C library's, which its headers show only to programs that ask for X/Open's functions.
@_silgen_name("wcwidth") private func wcwidth(_ character: Int32) -> Int32

@testable import ProcPoolSystem

@Suite struct WidthsAreColumnsOfATerminal {
  @Test(arguments: [
    ("", 0), ("plain", 5), ("µ×█…é", 5), ("e\u{301}", 1), ("日本語", 6), ("한국어", 6),
    ("\u{1112}\u{1161}\u{11AB}", 2),
    ("ｆｕｌｌ", 8), ("ﾊﾝｶｸ", 4), ("😀", 2), ("❤️", 2), ("1️⃣", 2), ("\u{200D}\u{200B}\u{FEFF}", 0), ("อำ", 2),
    ("🏁", 2),
    ("नमस्ते", 4),
  ])
  func ofScripts(text: String, columns: Int) {
    #expect(text.displayWidth == columns)
  }

  @Test func emojiOfSeveralPartsAreNeverNarrowerThanTheyMayBeDrawn() {
    for (text, atLeast, atMost) in [("👩‍👩‍👧", 2, 6), ("👍🏽", 2, 4), ("🇩🇪", 2, 4), ("🏴󠁧󠁢󠁥󠁮󠁧󠁿", 2, 2)] {
      #expect((atLeast...atMost).contains(text.displayWidth), "\(text)")
    }
  }

  @Test func textIsCutBetweenCharactersAndNoWiderThanAsked() {
    #expect("日本語".cut(toColumns: 6) == "日本語")
    #expect("日本語".cut(toColumns: 5) == "日本…")
    #expect("日本語".cut(toColumns: 4) == "日…")
    #expect("plain".cut(toColumns: 4) == "pla…")
    #expect("plain".cut(toColumns: 0) == "…")
    #expect("👩‍👩‍👧!".prefix(columns: 5) == "")
    let text = "a日e\u{301}👍🏽 текст ❤️"
    for columns in 1...20 { #expect(text.cut(toColumns: columns).displayWidth <= columns) }
  }

  /// Terminals count as the C library does, or as a newer Unicode has it.
  @Test func theCLibraryTakesNothingForWider() throws {
    guard let locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nil) else { return }
    let before = uselocale(locale)
    defer {
      uselocale(before)
      freelocale(locale)
    }
    var wider: [UInt32] = []
    for value in UInt32(0x20)...0x3_FFFF {
      guard let scalar = Unicode.Scalar(value), scalar.properties.generalCategory != .unassigned else {
        continue
      }
      if Int(wcwidth(Int32(value))) > scalar.displayWidth { wider.append(value) }
    }
    #expect(wider.isEmpty, "\(wider.map { String($0, radix: 16) })")
  }
}

import ProcPoolProtocol
import ProcPoolWire
import ProcPoolWorker
import Synchronization
import Testing

@testable import ProcPool

/// What a worker writes comes in pieces that are cut anywhere; what is passed on is not.
@Suite struct TextInPieces {
  private let worker = WorkerID(index: 0)

  private func take(
    _ bytes: [UInt8], inPiecesOf size: Int, mode: StandardErrorMode, secret: UInt64 = 7
  ) -> WorkerOutput {
    var words = WorkerOutput()
    for start in stride(from: 0, to: bytes.count, by: size) {
      bytes[start..<min(start + size, bytes.count)].withUnsafeBytes {
        words.take($0, of: worker, mode: mode, secret: secret, now: 0)
      }
    }
    words.finish(of: worker, mode: mode)
    return words
  }

  private func lines(_ bytes: [UInt8], inPiecesOf size: Int) -> [String] {
    let lines = Mutex<[String]>([])
    _ = take(bytes, inPiecesOf: size, mode: .lines { _, line in lines.withLock { $0.append(line) } })
    return lines.withLock { $0 }
  }

  /// By bytes, which takes less time than by characters.
  private func isEnd(_ end: String, of text: String) -> Bool {
    text.utf8.suffix(end.utf8.count).elementsEqual(end.utf8)
  }

  /// Every place that a boundary can have in a character of 2, 3 and 4 bytes.
  @Test(arguments: ["é", "日", "🦀"], 0...4)
  func aLineThatIsTooLongIsCutBetweenCharacters(character: Character, offset: Int) {
    let line = String(repeating: "a", count: offset) + String(repeating: character, count: 90_000 / 3)
    for size in [4096, 4095, 1000, 1 << 16] {
      let pieces = lines(Array((line + "\n" + line).utf8), inPiecesOf: size)
      #expect(pieces.joined() == line + line)
      #expect(pieces.allSatisfy { !$0.isEmpty && $0.utf8.count <= 1 << 16 })
      #expect(pieces.dropLast().filter { $0.utf8.count < (1 << 16) - 3 }.count <= 1)
    }
  }

  @Test func aLineOfTheGreatestLengthIsOne() {
    let line = String(repeating: "a", count: LineAssembler.longestLine)
    #expect(lines(Array((line + "\n\n" + line + "b\n").utf8), inPiecesOf: 4096) == [line, "", line, "b"])
  }

  /// What is no UTF-8 is repaired as if it had come at once.
  @Test(arguments: 1...9) func bytesThatAreNoTextAreRepairedOnce(size: Int) {
    let bytes: [UInt8] = [
      0x61, 0xE6, 0x97, 0x61, 0xFF, 0x80, 0x80, 0xF0, 0x9F, 0xA6, 0x61, 0xC3, 0xED, 0xA0, 0x80, 0xE6,
    ]
    #expect(lines(bytes, inPiecesOf: size) == [String(decoding: bytes, as: UTF8.self)])
    // By bytes, which takes less time than by characters.
    let long = Array(repeatElement(bytes, count: 4_200).joined())
    #expect(
      Array(lines(long, inPiecesOf: 4096).joined().utf8) == Array(String(decoding: long, as: UTF8.self).utf8))
  }

  @Test(arguments: [1, 3, 4096]) func inheritedTextStaysAsItIs(size: Int) {
    let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
    #expect(take(bytes, inPiecesOf: size, mode: .inherited).outgoing == bytes)
  }

  @Test func inheritedTextIsPassedOnInWholeLines() {
    var words = WorkerOutput()
    func take(_ text: String, at time: Int64) {
      Array(text.utf8).withUnsafeBytes {
        words.take($0, of: worker, mode: .inherited, secret: 0, now: time)
      }
    }
    take("one\ntw", at: 1)
    #expect(words.takeOutgoing() == Array("one\n".utf8))
    #expect(words.unfinishedSince == 1)
    take("o\nthree", at: 2)
    #expect(words.takeOutgoing() == Array("two\n".utf8))
    #expect(words.unfinishedSince == 2)
    take(" and", at: 3)
    #expect(words.outgoing.isEmpty && words.unfinishedSince == 2)
    words.passUnfinished()
    #expect(words.takeOutgoing() == Array("three and".utf8))
    #expect(words.unfinishedSince == nil)
    // Half a character waits for the other half.
    Array("日".utf8)[..<2].withUnsafeBytes {
      words.take($0, of: worker, mode: .inherited, secret: 0, now: 4)
    }
    words.passUnfinished()
    #expect(words.outgoing.isEmpty)
    words.finish(of: worker, mode: .inherited)
    #expect(words.outgoing == Array("日".utf8.prefix(2)))
  }

  @Test func aPrefixedLineKeepsItsBytes() {
    let words = take([0x61, 0xFF, 10, 0xE6], inPiecesOf: 1, mode: .prefixed)
    let prefix = Array("[worker 0] ".utf8)
    #expect(words.outgoing == prefix + [0x61, 0xFF, 10] + prefix + [0xE6, 10])
  }

  /// Marks, zero bytes and characters meet the boundaries of reads everywhere.
  @Test(arguments: Array(1...64) + [4095, 4096])
  func anItemsTextIsWholeWhereverItIsCut(size: Int) {
    let texts = ["日本\0語\n", "\0", String(repeating: "日", count: 3_000), "🦀é", "\0\0\0end"]
    var bytes = Array("before".utf8)
    for (item, text) in texts.enumerated() {
      bytes += ItemMark(call: 3, item: UInt64(item)).bytes(secret: 7) + Array(text.utf8)
    }
    // A zero byte at the very end may be the beginning of a mark, and is none.
    bytes += [0, 0xE6, 0x97, 0xA5]
    let found = Mutex<[ItemID: String]>([:])
    let words = take(
      bytes, inPiecesOf: size,
      mode: .items { item, _, text in found.withLock { $0[item] = ($0[item] ?? "") + text } })
    var expected = Dictionary(
      uniqueKeysWithValues: texts.enumerated().map { (ItemID(call: 3, index: $0), $1) })
    expected[ItemID(call: 3, index: 4)]! += "\0日"
    #expect(found.withLock { $0 } == expected)
    #expect(words.lastLines.text == "before" + texts.joined() + "\0日")
  }

  @Test(arguments: 0...3) func ofAnItemThatWritesTooMuchTheEndBeginsWithACharacter(offset: Int) {
    let text = String(repeating: "日", count: 800_000) + String(repeating: "a", count: offset)
    let mark = ItemMark(call: 1, item: 0).bytes(secret: 7)
    let found = Mutex("")
    _ = take(
      mark + Array(text.utf8), inPiecesOf: 4096, mode: .items { _, _, text in found.withLock { $0 += text } })
    let end = found.withLock { $0 }
    #expect(end.utf8.count >= ItemWords.capacity && isEnd(end, of: text))
  }

  @Test(arguments: 0...3) func theLastLinesBeginWithACharacterIfTheyCannotBeginWithALine(offset: Int) {
    for count in [30_000, 60_000, 100_000] {
      let text = String(repeating: "日", count: count) + String(repeating: "a", count: offset)
      for ending in ["", "\n"] {
        let lastLines = take(Array((text + ending).utf8), inPiecesOf: 4096, mode: .discarded).lastLines.text
        #expect(isEnd(lastLines, of: text) && lastLines.utf8.count >= (1 << 16) - 1)
      }
    }
  }

  @Test func theLastLinesBeginWithALineIfTheyCan() {
    let lines = (0..<40_000).map { "line \($0) 日" }
    let text = take(Array((lines.joined(separator: "\n") + "\n").utf8), inPiecesOf: 4096, mode: .discarded)
      .lastLines.text
    let last = text.split(separator: "\n").map(String.init)
    #expect(last == lines.suffix(last.count))
    #expect(text.utf8.count > (1 << 16) - 20 && text.utf8.count <= 1 << 16)
  }
}

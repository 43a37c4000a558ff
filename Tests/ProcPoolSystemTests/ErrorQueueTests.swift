import Testing

@testable import ProcPoolSystem

/// What is written to standard error for text, for lines of the coordinator's own, and for the line at the bottom.
@Suite struct ErrorQueues {
  private static let eraser = "\r\u{1B}[K"

  private func written(_ queue: inout ErrorQueue) -> String? {
    guard let bytes = queue.take() else { return nil }
    queue.note(written: bytes.count)
    queue.finish()
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test func textIsWrittenAsItIs() {
    var queue = ErrorQueue()
    #expect(written(&queue) == nil)
    queue.add("one\n".utf8)
    queue.add("tw".utf8)
    #expect(queue.hasWork && queue.accepted == 6 && queue.passed == 0)
    #expect(written(&queue) == "one\ntw")
    #expect(!queue.hasWork && queue.passed == 6)
    queue.add("o\n".utf8)
    #expect(written(&queue) == "o\n")
  }

  @Test func aLineOfTheCoordinatorsOwnIsNotTornFromItsBeginning() {
    var queue = ErrorQueue()
    queue.add("one".utf8)
    queue.addLine("own".utf8)
    queue.addLine("own again".utf8)
    queue.add("two\n".utf8)
    #expect(written(&queue) == "one\nown\nown again\ntwo\n")
    queue.addLine("own".utf8)
    #expect(written(&queue) == "own\n")
  }

  @Test func theLineAtTheBottomIsOutOfTheWayOfText() {
    var queue = ErrorQueue()
    queue.show("bar 1")
    #expect(written(&queue) == Self.eraser + "bar 1")
    queue.show("bar 2")
    queue.show("bar 3")
    #expect(written(&queue) == Self.eraser + Self.eraser + "bar 3")
    queue.show("bar 3")
    #expect(written(&queue) == nil)
    queue.add("text\n".utf8)
    #expect(written(&queue) == Self.eraser + "text\n" + Self.eraser + "bar 3")
    queue.add("unended".utf8)
    #expect(written(&queue) == Self.eraser + "unended\nbar 3")
    queue.show("")
    queue.addLine("end".utf8)
    #expect(written(&queue) == Self.eraser + "end\n")
    #expect(!queue.hasWork)
  }

  @Test func aLineThatIsNeverShownNeedsNoErasing() {
    var queue = ErrorQueue()
    queue.show("bar")
    queue.show("")
    #expect(!queue.hasWork && written(&queue) == nil)
  }

  @Test func itIsFullUntilHalfOfItIsWritten() {
    var queue = ErrorQueue()
    queue.add(repeatElement(UInt8(ascii: "x"), count: ErrorQueue.capacity - 1))
    #expect(!queue.isFull)
    queue.add([10])
    #expect(queue.isFull)
    _ = queue.take()
    #expect(queue.isFull && !queue.hasRoom)
    queue.note(written: ErrorQueue.capacity / 2 - 1)
    #expect(!queue.isFull && !queue.hasRoom && queue.steps == 1)
    queue.note(written: 1)
    #expect(queue.hasRoom)
  }
}

@Suite struct TextIsDividedBetweenScalars {
  @Test func whereverItIsAsked() {
    let text = "aé日🦀z"
    let bytes = Array(text.utf8)
    let ends = text.unicodeScalars.indices.map { $0.utf16Offset(in: text) }.count
    #expect(ends == 5)
    var places: Set<Int> = []
    for index in 0...bytes.count {
      let place = UTF8Boundary.last(in: bytes, upTo: index)
      #expect(place <= index && place > index - 4)
      #expect(
        String(decoding: bytes[..<place], as: UTF8.self) + String(decoding: bytes[place...], as: UTF8.self)
          == text)
      places.insert(place)
    }
    #expect(places == [0, 1, 3, 6, 10, 11])
  }

  /// Decoded apart, the parts have as many replacement characters as the whole.
  @Test func whatIsNoTextIsRepairedAlike() {
    let bytes: [UInt8] = [
      0x80, 0xC0, 0xE6, 0x97, 0x41, 0xF0, 0x9F, 0xA6, 0xF8, 0x88, 0xED, 0xA0, 0x80, 0xF4, 0x90, 0x80, 0xC3,
    ]
    let whole = String(decoding: bytes, as: UTF8.self)
    for index in 0...bytes.count {
      let place = UTF8Boundary.last(in: bytes, upTo: index)
      let parts = [bytes[..<place], bytes[place...]].map { String(decoding: $0, as: UTF8.self) }
      #expect(parts.joined() == whole, "\(index)")
    }
  }
}

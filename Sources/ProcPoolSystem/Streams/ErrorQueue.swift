/// Text for standard error that has been accepted and not written yet, and the line at the terminal's bottom.
///
/// A value without a clock or a call: ``ErrorStream`` keeps it under a lock, and writes what it gives.
struct ErrorQueue {
  /// How much text waits before no more is accepted, in bytes: some times a pipe's capacity, so that a reader that
  /// reads in bursts keeps the workers busy.
  static let capacity = 1 << 18

  private var waiting: [UInt8] = []
  /// Where in `waiting` lines of the coordinator's own start.
  private var ownLines: [Int] = []
  private var line = TerminalLine()
  /// Bytes that have been taken to be written, and are not.
  private var underWay = 0
  /// Bytes of text that have been accepted so far.
  private(set) var accepted: UInt64 = 0
  /// Those of them that have been written, or given up.
  private(set) var passed: UInt64 = 0
  private var taken: UInt64 = 0
  /// How often the file has taken something: whoever waits for the text sees by it that something reads.
  private(set) var steps: UInt64 = 0

  /// Something is to be written.
  var hasWork: Bool { !waiting.isEmpty || !line.isShown }
  var isFull: Bool { waiting.count + underWay >= Self.capacity }
  /// There is room again, and enough of it to be worth waking somebody for.
  var hasRoom: Bool { waiting.count + underWay <= Self.capacity / 2 }

  /// Accepts text, whether there is room or not.
  mutating func add(_ text: some Collection<UInt8>) {
    waiting += text
    accepted += UInt64(text.count)
  }

  /// Accepts a line of the coordinator's own: it starts a new line, whatever a worker's text has left unfinished.
  mutating func addLine(_ text: some Collection<UInt8>) {
    ownLines.append(waiting.count)
    add(text)
    add(CollectionOfOne(TerminalLine.newline))
  }

  /// Sets the line at the bottom, in place of the one before; empty for none.
  mutating func show(_ text: String) { line.wanted = text }

  /// Takes what is to be written next; `nil` if there is nothing.
  mutating func take() -> [UInt8]? {
    guard hasWork else { return nil }
    let bytes = line.compose(waiting, linesStartingAt: ownLines)
    waiting.removeAll(keepingCapacity: waiting.capacity <= 1 << 14)
    ownLines.removeAll()
    taken = accepted
    underWay = bytes.count
    return bytes
  }

  /// The file has taken some of what was taken last.
  mutating func note(written count: Int) {
    underWay -= count
    steps += 1
  }

  /// What was taken last is written, or given up.
  mutating func finish() {
    underWay = 0
    passed = taken
  }
}

/// The queue of unwritten text for standard error, and the line at the bottom of the terminal.
///
/// A value without clock or system calls: ``ErrorStream`` protects it by a lock, and writes the
/// bytes that it returns.
struct ErrorQueue {
  /// The maximum length of waiting text in bytes before no more is accepted: several times the
  /// capacity of a pipe, so that a reader that reads in bursts does not stall the workers.
  static let capacity = 1 << 18

  private var waiting: [UInt8] = []
  /// The positions in `waiting` at which lines of the coordinator itself start.
  private var ownLines: [Int] = []
  private var line = TerminalLine()
  /// The number of bytes that have been taken and are not written yet.
  private var underWay = 0
  /// The number of bytes of text that have been accepted so far.
  private(set) var accepted: UInt64 = 0
  /// The number of those that have been written or dropped.
  private(set) var passed: UInt64 = 0
  private var taken: UInt64 = 0
  /// The number of successful writes, by which a waiting thread recognises progress.
  private(set) var steps: UInt64 = 0

  /// Whether there is something to write.
  var hasWork: Bool { !waiting.isEmpty || !line.isShown }
  var isFull: Bool { waiting.count + underWay >= Self.capacity }
  /// Whether there is enough room to wake up waiting callers.
  var hasRoom: Bool { waiting.count + underWay <= Self.capacity / 2 }

  /// Accepts text, whether there is room or not.
  mutating func add(_ text: some Collection<UInt8>) {
    waiting += text
    accepted += UInt64(text.count)
  }

  /// Accepts a line of the coordinator itself, which starts on a new line even if the text of a
  /// worker has not ended its line.
  mutating func addLine(_ text: some Collection<UInt8>) {
    ownLines.append(waiting.count)
    add(text)
    add(CollectionOfOne(TerminalLine.newline))
  }

  /// Replaces the line at the bottom; empty for none.
  mutating func show(_ text: String) { line.wanted = text }

  /// Takes the bytes to be written next; `nil` if there are none.
  mutating func take() -> [UInt8]? {
    guard hasWork else { return nil }
    let bytes = line.compose(waiting, linesStartingAt: ownLines)
    waiting.removeAll(keepingCapacity: waiting.capacity <= 1 << 14)
    ownLines.removeAll()
    taken = accepted
    underWay = bytes.count
    return bytes
  }

  /// Notes that a number of the bytes that were taken last has been written.
  mutating func note(written count: Int) {
    underWay -= count
    steps += 1
  }

  /// Notes that the bytes that were taken last have been written or dropped.
  mutating func finish() {
    underWay = 0
    passed = taken
  }
}

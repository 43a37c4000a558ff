import ProcPoolProtocol
import ProcPoolSystem
import ProcPoolWire
import ProcPoolWorker

/// The text that a worker writes to standard error, relayed according to ``StandardErrorMode``.
struct WorkerOutput {
  private(set) var lastLines = ErrorLines()
  private var lines = LineAssembler()
  private var items: ItemWords?
  /// The text for the coordinator's standard error.
  private(set) var outgoing: [UInt8] = []
  /// When the unfinished last line was received; `nil` if there is none to be relayed by time.
  private(set) var unfinishedSince: Int64?

  /// Takes text of the worker.
  ///
  /// - Parameter secret: the secret of the marks before items, if there are any.
  mutating func take(
    _ text: UnsafeRawBufferPointer, of worker: WorkerID, mode: StandardErrorMode, secret: UInt64, now: Int64
  ) {
    if case .items(let body) = mode {
      var items = self.items ?? ItemWords(secret: secret)
      items.take(text) { pass(on: $1, ofItem: $0, worker, body) }
      self.items = items
      return
    }
    lastLines.append(text)
    switch mode {
    case .inherited:
      if lines.append(text, to: &outgoing) { unfinishedSince = nil }
      if lines.hasUnfinished { unfinishedSince = unfinishedSince ?? now }
    case .prefixed: lines.append(text) { outgoing += Self.line($0, of: worker) }
    case .lines(let body): lines.append(text) { body(worker, String(decoding: $0, as: UTF8.self)) }
    case .discarded, .items: break
    }
  }

  /// Restarts the wait for the end of a line.
  mutating func waitForEnd(since now: Int64) { unfinishedSince = now }

  /// Relays the unfinished line, which has waited long enough for its end.
  mutating func passUnfinished() {
    unfinishedSince = nil
    lines.passUnfinished(to: &outgoing)
  }

  /// Relays the rest after the worker has ended.
  mutating func finish(of worker: WorkerID, mode: StandardErrorMode) {
    switch mode {
    case .inherited: lines.finish { outgoing += $0 }
    case .prefixed: lines.finish { outgoing += Self.line($0, of: worker) }
    case .lines(let body): lines.finish { body(worker, String(decoding: $0, as: UTF8.self)) }
    case .items(let body):
      var items = self.items
      items?.finish { pass(on: $1, ofItem: $0, worker, body) }
      self.items = items
    case .discarded: break
    }
  }

  mutating func takeOutgoing() -> [UInt8] {
    defer { outgoing = [] }
    return outgoing
  }

  private mutating func pass(
    on words: [UInt8], ofItem item: ItemID?, _ worker: WorkerID,
    _ body: @Sendable (ItemID, WorkerID, String) -> Void
  ) {
    if let item { body(item, worker, String(decoding: words, as: UTF8.self)) }
    words.withUnsafeBytes { lastLines.append($0) }
  }

  /// A line with the worker as prefix. Bytes that are not UTF-8 are kept.
  private static func line(_ text: [UInt8], of worker: WorkerID) -> [UInt8] {
    Array("[\(worker)] ".utf8) + text + [UInt8(ascii: "\n")]
  }
}

/// Divides a worker's text by items, at the marks between them.
struct ItemWords {
  /// The minimum length in bytes that is kept of an item's text: its end, which has the report of a
  /// failure. It is cut at twice this length, so that each byte is moved once.
  static let capacity = 1 << 20

  private let secret: UInt64
  private var item: ItemID?
  private var words: [UInt8] = []
  /// The possible beginning of a mark.
  private var rest: [UInt8] = []

  init(secret: UInt64) { self.secret = secret }

  /// - Parameter body: called with the text of an item when the next mark follows, unless it is
  ///   empty; `nil` for text of no item.
  mutating func take(_ text: UnsafeRawBufferPointer, _ body: (ItemID?, [UInt8]) -> Void) {
    rest += text
    var start = rest.startIndex
    while let zero = rest[start...].firstIndex(of: 0) {
      append(rest[start..<zero])
      start = zero
      if rest.count - zero < ItemMark.size { break }
      if let mark = ItemMark(rest[zero...], secret: secret) {
        endItem(body)
        item = mark.item == ItemMark.none ? nil : ItemID(call: mark.call, index: Int(clamping: mark.item))
        start += ItemMark.size
      } else {
        append(rest[zero...zero])
        start += 1
      }
    }
    if rest[start...].first != 0 {
      append(rest[start...])
      start = rest.endIndex
    }
    rest.removeFirst(start)
  }

  /// Completes the last text when the worker has ended, and no mark can follow.
  mutating func finish(_ body: (ItemID?, [UInt8]) -> Void) {
    append(rest[...])
    rest = []
    endItem(body)
  }

  private mutating func endItem(_ body: (ItemID?, [UInt8]) -> Void) {
    if !words.isEmpty { body(item, words) }
    words.removeAll(keepingCapacity: words.capacity <= 1 << 14)
  }

  private mutating func append(_ bytes: ArraySlice<UInt8>) {
    words += bytes
    if words.count > 2 * Self.capacity { words.keepEnd(ofCount: Self.capacity) }
  }
}

/// The last lines that a worker wrote to standard error.
struct ErrorLines {
  /// 64 KiB: a trap's message and its backtrace, with the registers that Swift prints.
  private static let capacity = 1 << 16
  private var bytes: [UInt8] = []
  /// Whether earlier bytes were dropped.
  private var isCut = false

  mutating func append(_ more: UnsafeRawBufferPointer) {
    bytes += more
    guard bytes.count > 2 * Self.capacity else { return }
    bytes.keepEnd(ofCount: Self.capacity)
    isCut = true
  }

  /// The text. If it was cut, it begins with a whole line, or with a whole character if the only
  /// line is too long.
  var text: String {
    var tail = bytes
    if tail.count > Self.capacity { tail.keepEnd(ofCount: Self.capacity) }
    if isCut || tail.count < bytes.count {
      // A newline at the end of the text does not begin a line.
      if let newline = tail.dropLast().firstIndex(of: 10) { tail.removeFirst(newline + 1) }
    }
    while tail.last == 10 { tail.removeLast() }
    return String(decoding: tail, as: UTF8.self)
  }
}

extension [UInt8] {
  /// Removes all but the last `count` bytes, or up to three more so that no character is cut.
  fileprivate mutating func keepEnd(ofCount count: Int) {
    removeFirst(UTF8Boundary.last(in: self, upTo: self.count - count))
  }
}

/// Assembles lines from pieces of text. Lines are bytes: invalid UTF-8 is kept.
struct LineAssembler {
  /// The length in bytes at which an unfinished line is cut, between two characters.
  static let longestLine = 1 << 16
  private var unfinished: [UInt8] = []

  var hasUnfinished: Bool { !unfinished.isEmpty }

  /// Calls `body` with each line that `more` completes, without its newline, and with each piece of
  /// an overlong line.
  mutating func append(_ more: UnsafeRawBufferPointer, _ body: ([UInt8]) -> Void) {
    var rest = more[...]
    while let newline = rest.firstIndex(of: 10) {
      unfinished += rest[..<newline]
      cut(body)
      body(unfinished)
      unfinished.removeAll(keepingCapacity: true)
      rest = rest[(newline + 1)...]
    }
    unfinished += rest
    cut(body)
  }

  /// Appends to `lines` the lines that `more` completes, with their newlines, and pieces of
  /// overlong lines.
  ///
  /// - Returns: whether a line was completed.
  mutating func append(_ more: UnsafeRawBufferPointer, to lines: inout [UInt8]) -> Bool {
    var rest = more[...]
    let newline = rest.lastIndex(of: 10)
    if let newline {
      lines += unfinished
      lines += rest[...newline]
      unfinished.removeAll(keepingCapacity: true)
      rest = rest[(newline + 1)...]
    }
    unfinished += rest
    cut { lines += $0 }
    return newline != nil
  }

  private mutating func cut(_ body: ([UInt8]) -> Void) {
    while unfinished.count > Self.longestLine {
      let end = UTF8Boundary.last(in: unfinished, upTo: Self.longestLine)
      body(Array(unfinished[..<end]))
      unfinished.removeFirst(end)
    }
  }

  /// Appends the unfinished line to `lines`, up to the last complete character.
  mutating func passUnfinished(to lines: inout [UInt8]) {
    let end = UTF8Boundary.last(in: unfinished, upTo: unfinished.count)
    lines += unfinished[..<end]
    unfinished.removeFirst(end)
  }

  /// Calls `body` with the rest, unless it is empty.
  mutating func finish(_ body: ([UInt8]) -> Void) {
    guard !unfinished.isEmpty else { return }
    body(unfinished)
    unfinished = []
  }
}

import ProcPoolProtocol
import ProcPoolSystem
import ProcPoolWire
import ProcPoolWorker

/// What a worker writes to standard error, on its way to where the pool's ``StandardErrorMode`` sends it.
struct WorkerWords {
  private(set) var lastLines = ErrorLines()
  private var lines = LineAssembler()
  private var items: ItemWords?
  /// What is to be written to the coordinator's standard error.
  private(set) var outgoing: [UInt8] = []
  /// Since when a line waits for its end that is to be passed on without it after a while.
  private(set) var unfinishedSince: Int64?

  /// Takes what the worker has written.
  ///
  /// - Parameter secret: of the marks before items, where there are any.
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

  /// Starts to wait anew for the end of a line.
  mutating func waitForEnd(since now: Int64) { unfinishedSince = now }

  /// A line has waited for its end for long enough: what there is of it is to be seen.
  mutating func passUnfinished() {
    unfinishedSince = nil
    lines.passUnfinished(to: &outgoing)
  }

  /// The worker has ended: what is left is not completed any more.
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

  /// A line with its worker before it. The bytes stay as they are, whether they are UTF-8 or not.
  private static func line(_ text: [UInt8], of worker: WorkerID) -> [UInt8] {
    Array("[\(worker)] ".utf8) + text + [UInt8(ascii: "\n")]
  }
}

/// Divides what a worker writes by its items, at the marks that it puts between them.
struct ItemWords {
  /// How much of an item's text is kept at least, in bytes: its end, where a failure is told. Cut when it is twice as
  /// much, so that each byte is moved once.
  static let capacity = 1 << 20

  private let secret: UInt64
  private var item: ItemID?
  private var words: [UInt8] = []
  /// What may be the beginning of a mark.
  private var rest: [UInt8] = []

  init(secret: UInt64) { self.secret = secret }

  /// - Parameter body: gets what an item has written when another follows, if it has written anything; `nil`
  ///   for what belongs to no item.
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

  /// The worker has ended: no mark follows.
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
  /// There was more before these bytes.
  private var isCut = false

  mutating func append(_ more: UnsafeRawBufferPointer) {
    bytes += more
    guard bytes.count > 2 * Self.capacity else { return }
    bytes.keepEnd(ofCount: Self.capacity)
    isCut = true
  }

  /// The text, from the beginning of a line where it had to be cut; if its one line is too long for that, from the
  /// beginning of a character.
  var text: String {
    var tail = bytes
    if tail.count > Self.capacity { tail.keepEnd(ofCount: Self.capacity) }
    if isCut || tail.count < bytes.count {
      // A newline that ends the text begins no line of it.
      if let newline = tail.dropLast().firstIndex(of: 10) { tail.removeFirst(newline + 1) }
    }
    while tail.last == 10 { tail.removeLast() }
    return String(decoding: tail, as: UTF8.self)
  }
}

extension [UInt8] {
  /// Removes what is before the last `count` bytes, or up to three more so that no character is cut.
  fileprivate mutating func keepEnd(ofCount count: Int) {
    removeFirst(UTF8Boundary.last(in: self, upTo: self.count - count))
  }
}

/// Makes lines of text that comes in pieces. They are bytes: what is no UTF-8 stays as it is.
struct LineAssembler {
  /// Where a line is cut that does not end, in bytes; between two characters.
  static let longestLine = 1 << 16
  private var unfinished: [UInt8] = []

  var hasUnfinished: Bool { !unfinished.isEmpty }

  /// Calls `body` with each line that `more` completes, without its newline, and with each piece of a line that is
  /// too long.
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

  /// Adds to `lines` what `more` completes of whole lines, with their newlines, and of a line that is too long.
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

  /// Adds what there is of an unfinished line to `lines`, up to a character of which the rest has not come.
  mutating func passUnfinished(to lines: inout [UInt8]) {
    let end = UTF8Boundary.last(in: unfinished, upTo: unfinished.count)
    lines += unfinished[..<end]
    unfinished.removeFirst(end)
  }

  /// Calls `body` with what is left at the end, if anything is.
  mutating func finish(_ body: ([UInt8]) -> Void) {
    guard !unfinished.isEmpty else { return }
    body(unfinished)
    unfinished = []
  }
}

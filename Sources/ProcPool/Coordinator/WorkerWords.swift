import ProcPoolSystem
import ProcPoolWire
import ProcPoolWorker

/// What a worker writes to standard error, on its way to where the pool's ``StandardErrorMode`` sends it.
struct WorkerWords {
  private(set) var lastLines = ErrorLines()
  private var lines = LineAssembler()
  private var items: ItemWords?
  /// What is to be written to the coordinator's standard error, and waits until there is room.
  private var waiting: [UInt8] = []

  var isWaiting: Bool { !waiting.isEmpty }

  /// Takes what the worker has written.
  ///
  /// - Parameter secret: of the marks before items, where there are any.
  mutating func take(
    _ text: UnsafeRawBufferPointer, of worker: WorkerID, mode: StandardErrorMode, secret: UInt64
  ) {
    if case .items(let body) = mode {
      var items = self.items ?? ItemWords(secret: secret)
      items.take(text) { item, words in
        if let item { body(item, worker, String(decoding: words, as: UTF8.self)) }
        words.withUnsafeBytes { lastLines.append($0) }
      }
      self.items = items
      return
    }
    lastLines.append(text)
    switch mode {
    case .inherited: waiting += text
    case .prefixed: lines.append(text) { waiting += Self.line($0, of: worker) }
    case .lines(let body): lines.append(text) { body(worker, $0) }
    case .discarded, .items: break
    }
  }

  /// The worker has ended: what is left is not completed any more.
  mutating func finish(of worker: WorkerID, mode: StandardErrorMode) {
    switch mode {
    case .prefixed: lines.finish { waiting += Self.line($0, of: worker) }
    case .lines(let body): lines.finish { body(worker, $0) }
    case .items(let body):
      items?.finish { item, words in
        if let item { body(item, worker, String(decoding: words, as: UTF8.self)) }
        words.withUnsafeBytes { lastLines.append($0) }
      }
    case .inherited, .discarded: break
    }
  }

  private static func line(_ text: String, of worker: WorkerID) -> [UInt8] {
    Array("[\(worker)] \(text)\n".utf8)
  }

  /// Writes what waits to the coordinator's standard error, as far as that takes it without blocking.
  mutating func write() {
    guard !waiting.isEmpty else { return }
    TerminalLine.outOfTheWay {
      var last: UInt8?
      while !waiting.isEmpty, Descriptor.isWritable(StandardError.number) {
        // PIPE_BUF: as much as a pipe takes without waiting, if it takes anything.
        let count = min(waiting.count, 4096)
        waiting[..<count].withUnsafeBytes { StandardError.write($0) }
        last = waiting[count - 1]
        waiting.removeFirst(count)
      }
      return last.map { $0 == UInt8(ascii: "\n") }
    }
  }
}

/// Divides what a worker writes by its items, at the marks that it puts between them.
struct ItemWords {
  /// So much of what one item writes is kept, in bytes: its end, where a failure is told.
  static let capacity = 1 << 20

  private let secret: UInt64
  private var item: TaskID?
  private var words: [UInt8] = []
  /// What may be the beginning of a mark.
  private var rest: [UInt8] = []

  init(secret: UInt64) { self.secret = secret }

  /// - Parameter body: gets what an item has written when another follows, if it has written anything; `nil`
  ///   for what belongs to no item.
  mutating func take(_ text: UnsafeRawBufferPointer, _ body: (TaskID?, [UInt8]) -> Void) {
    rest += text
    var start = rest.startIndex
    while let zero = rest[start...].firstIndex(of: 0) {
      append(rest[start..<zero])
      start = zero
      if rest.count - zero < ItemMark.size { break }
      if let mark = ItemMark(rest[zero...], secret: secret) {
        finish(body)
        item = mark.item == ItemMark.none ? nil : TaskID(call: mark.call, item: Int(clamping: mark.item))
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

  mutating func finish(_ body: (TaskID?, [UInt8]) -> Void) {
    if !words.isEmpty { body(item, words) }
    words.removeAll(keepingCapacity: words.capacity <= 1 << 14)
  }

  private mutating func append(_ bytes: ArraySlice<UInt8>) {
    words += bytes
    if words.count > 2 * Self.capacity { words.removeFirst(words.count - Self.capacity) }
  }
}

/// The last lines that a worker wrote to standard error.
struct ErrorLines {
  /// 64 KiB: a trap's message and its backtrace, with the registers that Swift prints.
  private static let capacity = 1 << 16
  private var bytes: [UInt8] = []

  mutating func append(_ more: UnsafeRawBufferPointer) {
    bytes.append(contentsOf: more.suffix(Self.capacity))
    if bytes.count > 2 * Self.capacity { bytes.removeFirst(bytes.count - Self.capacity) }
  }

  /// The text, from the beginning of a line where it had to be cut.
  var text: String {
    var tail = bytes.suffix(Self.capacity)
    if tail.count < bytes.count, let newline = tail.firstIndex(of: 10) { tail = tail[(newline + 1)...] }
    while tail.last == 10 { tail.removeLast() }
    return String(decoding: tail, as: UTF8.self)
  }
}

/// Makes lines of text that comes in pieces.
struct LineAssembler {
  /// Where a line is cut that does not end, in bytes.
  private static let longestLine = 1 << 16
  private var unfinished: [UInt8] = []

  /// Calls `body` with each line that `more` completes, without its newline.
  mutating func append(_ more: UnsafeRawBufferPointer, _ body: (String) -> Void) {
    var rest = more[...]
    while let newline = rest.firstIndex(of: 10) {
      body(String(decoding: unfinished + rest[..<newline], as: UTF8.self))
      unfinished.removeAll(keepingCapacity: true)
      rest = rest[(newline + 1)...]
    }
    unfinished.append(contentsOf: rest)
    if unfinished.count >= Self.longestLine { finish(body) }
  }

  /// Calls `body` with what is left at the end, if anything is.
  mutating func finish(_ body: (String) -> Void) {
    guard !unfinished.isEmpty else { return }
    body(String(decoding: unfinished, as: UTF8.self))
    unfinished = []
  }
}

import Glibc
import ProcPoolProtocol
import ProcPoolSystem
import ProcPoolWire

/// A buffer of result frames, in memory that the coordinator can read, which are written many at a
/// time.
///
/// Consecutive outputs of one call share a frame, which is *open* while it grows. The header of an
/// open frame has ``FrameHeader/openCount``; its number of items follows from the committed
/// positions.
@usableFromInline
final class ResultBuffer: @unchecked Sendable {
  // Safety: only the serving thread uses it.

  // Safety: one thread uses the fields, and no access overlaps another. Exclusivity checks per item
  // and field would double the cost of an item.
  @exclusivity(unchecked) @usableFromInline var used = 0
  @exclusivity(unchecked) @usableFromInline var openCount: UInt32 = 0
  @exclusivity(unchecked) private var openStart = -1
  @exclusivity(unchecked) private var openHeader = FrameHeader(.results)

  @usableFromInline let base: UnsafeMutableRawPointer
  /// Leaves room for the padding and the next header, so that closing a frame never overflows.
  @usableFromInline let limit = StatusPage.bufferCapacity - 2 * FrameHeader.size
  /// The maximum length of outputs that are copied to the buffer; longer ones are written from
  /// where they were encoded. A quarter of the buffer, so that a flush writes at least a few
  /// outputs.
  private static let longest = StatusPage.bufferCapacity / 4

  private let page: StatusPage
  private let output: Descriptor
  /// Whether the buffer is flushed after each item, because the coordinator cannot read it.
  let flushesEachItem: Bool
  /// The writer for outputs that are not encoded into the buffer directly. Long ones are in the
  /// memory of the room, if there is one.
  private var scratch = WireWriter(capacity: 1 << 10)
  /// The memory of the coordinator for long outputs of the current chunk.
  var room: OutputRoom? {
    didSet { if room != nil || oldValue != nil { renewScratch() } }
  }
  private let clock: ActivityClock
  /// The length of the last output with an individual length.
  private(set) var lastLength = 0

  init(page: StatusPage, isShared: Bool, output: consuming Descriptor) {
    self.page = page
    clock = page.clock
    self.output = output
    base = page.buffer
    flushesEachItem = !isShared
  }

  /// Starts to take outputs of a call, from item `first` on.
  func begin(call: CallID, first: UInt64, position: UInt64) throws(SystemError) {
    if openStart >= 0 {
      if openHeader.call == call, openHeader.first + UInt64(openCount) == first { return }
      close()
    }
    try makeRoom(for: 2 * FrameHeader.size, position: position)
    open(call: call, first: first)
  }

  private func open(call: CallID, first: UInt64) {
    openStart = used
    openCount = 0
    openHeader = FrameHeader(.results, call: call, count: FrameHeader.openCount, first: first)
    openHeader.store(to: base + used)
    used += FrameHeader.size
  }

  private func close() {
    guard openStart >= 0 else { return }
    if openCount == 0 {
      used = openStart
    } else {
      openHeader.count = openCount
      openHeader.bodyLength = used - openStart - FrameHeader.size
      let padded = openStart + openHeader.frameLength
      (base + used).initializeMemory(as: UInt8.self, repeating: 0, count: padded - used)
      openHeader.store(to: base + openStart)
      used = padded
    }
    openStart = -1
  }

  private func makeRoom(for bytes: Int, position: UInt64) throws(SystemError) {
    if used + bytes > StatusPage.bufferCapacity { try flush(position: position) }
  }

  /// Returns a place for another output of fixed size in the open frame; `nil` if the buffer is
  /// full.
  @inlinable
  func place(_ bytes: Int) -> UnsafeMutableRawPointer? {
    guard used + bytes <= limit else { return nil }
    let place = base + used
    used &+= bytes
    openCount &+= 1
    return place
  }

  /// Adds the output of the item at `position`, of fixed size if `stride` is not 0.
  ///
  /// - Parameter encode: appends the output's bytes.
  func add(
    position: UInt64, stride: Int, maximumBody: Int, _ encode: (inout WireWriter) throws -> Void
  ) throws {
    // Room for a header and a length before the output, so that a long output can be written
    // without a copy.
    let head = FrameHeader.size + 16
    // A forked copy of this process does not have this memory mapped.
    if room != nil { ForkedCopy.endIfCopy() }
    scratch.removeAll()
    _ = scratch.appendUninitialized(head)
    try encode(&scratch)
    let length = scratch.count - head
    lastLength = length
    clock.count(copied: length)
    guard length <= maximumBody - 16 else { throw OutputTooLong(length: length, limit: maximumBody) }
    let prefix = stride > 0 ? 0 : Self.varintLength(length)
    let memory = UnsafeMutableRawPointer(mutating: scratch.bytes.baseAddress!)
    if stride == 0 { Self.storeVarint(UInt64(length), count: prefix, to: memory + head - prefix) }

    let call = openHeader.call
    let item = openHeader.first + UInt64(openCount)
    if length > IndirectFrame.shortest, let room {
      let header = FrameHeader(.results, call: call, count: 1, first: item, bodyLength: prefix + length)
      let start = memory + head - prefix - FrameHeader.size
      header.store(to: start)
      // The writer's memory starts some bytes before the frame.
      let bytes = UnsafeRawBufferPointer(start: memory, count: head + length)
      if var frame = room.keep(bytes) {
        frame.offset += start - memory
        frame.length -= start - memory
        renewScratch()
        return try addRemote(frame, header, position: position)
      }
    }
    if length > Self.longest {
      try flush(position: position)
      let header = FrameHeader(
        .results, call: call, count: 1, first: item, bodyLength: prefix + length)
      scratch.reserve(8)
      _ = scratch.appendUninitialized(FrameHeader.padded(header.bodyLength) - header.bodyLength)
      let start =
        UnsafeMutableRawPointer(mutating: scratch.bytes.baseAddress!) + head - prefix - FrameHeader.size
      header.store(to: start)
      try write(UnsafeRawBufferPointer(start: start, count: header.frameLength))
      if scratch.count > 1 << 20 { renewScratch() }
      page.noteBufferStart(position + 1)
      open(call: call, first: item + 1)
      return
    }
    if used + prefix + length > limit {
      try flush(position: position)
      open(call: call, first: item)
    }
    (base + used).copyMemory(from: memory + head - prefix, byteCount: prefix + length)
    used += prefix + length
    openCount += 1
  }

  private func renewScratch() { scratch = WireWriter(capacity: 1 << 10, growingIn: room) }

  /// Adds a frame with the location of an output in the room.
  private func addRemote(
    _ frame: IndirectFrame, _ header: FrameHeader, position: UInt64
  ) throws(SystemError) {
    close()
    let length = FrameHeader.size + IndirectFrame.size
    try makeRoom(for: length + 2 * FrameHeader.size, position: position)
    FrameHeader(
      .indirectResults, call: header.call, count: 1, first: header.first, bodyLength: IndirectFrame.size
    ).store(to: base + used)
    (base + used).storeBytes(of: Int64(frame.offset), toByteOffset: FrameHeader.size, as: Int64.self)
    (base + used).storeBytes(of: Int64(frame.length), toByteOffset: FrameHeader.size + 8, as: Int64.self)
    used += length
    open(call: header.call, first: header.first + 1)
  }

  /// Flushes the buffer and continues the open frame, so that another output of fixed size fits.
  @usableFromInline
  func renew(position: UInt64) throws(SystemError) {
    let call = openHeader.call
    let item = openHeader.first + UInt64(openCount)
    try flush(position: position)
    open(call: call, first: item)
  }

  /// Adds a frame that ends `count` items from `first` on without an output.
  func addFailure(
    _ report: ErrorReport, call: CallID, first: UInt64, count: UInt32, position: UInt64
  ) throws(SystemError) {
    close()
    scratch.removeAll()
    scratch.writeFrame(FrameHeader(.failure, call: call, count: count, first: first)) {
      report.write(to: &$0)
    }
    try makeRoom(for: scratch.count + 2 * FrameHeader.size, position: position)
    if scratch.count + 2 * FrameHeader.size > StatusPage.bufferCapacity {
      try write(scratch.bytes)
      page.noteBufferStart(position + UInt64(count))
    } else {
      (base + used).copyMemory(from: scratch.bytes.baseAddress!, byteCount: scratch.count)
      used += scratch.count
    }
    open(call: call, first: first + UInt64(count))
  }

  /// Sends a frame that lends the shared memory of following outputs. It bypasses the buffer,
  /// because it must arrive before these outputs even if the coordinator reads them from the
  /// buffer.
  ///
  /// - Parameters:
  ///   - words: the body of the frame.
  ///   - position: the position of the item that they belong to.
  func lend(_ words: [UInt64], count: Int, call: CallID, position: UInt64) throws(SystemError) {
    var writer = WireWriter(capacity: FrameHeader.size + 8 * words.count)
    writer.writeFrame(FrameHeader(.lend, call: call, count: UInt32(count), first: position)) { writer in
      for word in words { writer.writeFixed(word) }
    }
    do {
      try write(writer.bytes)
      page.noteLoan()
    } catch {
      // The output will not follow. The open frame is closed so that the output is not expected in
      // it.
      close()
      throw error
    }
  }

  /// Sends a frame that is not a result.
  func notify(
    _ header: FrameHeader, _ body: (inout WireWriter) -> Void = { _ in }
  ) throws(SystemError) {
    var writer = WireWriter(capacity: FrameHeader.size)
    writer.writeFrame(header, body)
    try write(writer.bytes)
  }

  /// Writes the buffer to the coordinator. Waits while the pipe is full.
  ///
  /// - Parameter position: the first item whose result is not in the buffer.
  func flush(position: UInt64) throws(SystemError) {
    close()
    if used > 0 {
      clock.count(copied: used)
      try write(UnsafeRawBufferPointer(start: base, count: used))
      used = 0
    }
    page.noteBufferStart(position)
  }

  /// Drops unwritten results, and continues with an empty frame of the same call.
  func discard() {
    used = 0
    open(call: openHeader.call, first: openHeader.first + UInt64(openCount))
  }

  private func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
    ForkedCopy.endIfCopy()
    // Counted before the write, because the reader may check the count immediately.
    clock.count(copied: bytes.count)
    clock.enter(.writing)
    guard try output.writeAll(bytes) else { throw SystemError(call: "write to the coordinator", code: EPIPE) }
    clock.enter(.running)
  }

  private static func varintLength(_ value: Int) -> Int {
    max(1, (Int.bitWidth - value.leadingZeroBitCount + 6) / 7)
  }

  private static func storeVarint(_ value: UInt64, count: Int, to place: UnsafeMutableRawPointer) {
    var rest = value
    for index in 0..<count {
      let more: UInt8 = index == count - 1 ? 0 : 0x80
      place.storeBytes(of: UInt8(truncatingIfNeeded: rest & 0x7F) | more, toByteOffset: index, as: UInt8.self)
      rest >>= 7
    }
  }
}

/// An output that is longer than the pool's configuration allows.
struct OutputTooLong: Error, CustomStringConvertible {
  let length: Int
  let limit: Int
  var description: String {
    "the output takes \(length) bytes, and the pool's `payloads.maximum` is \(limit); return less, or raise it"
  }
}

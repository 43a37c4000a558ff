import ProcPoolProtocol
import ProcPoolSharedMemory
import ProcPoolWire

/// Puts encoded inputs into frames, with the frames of several chunks in one piece of memory.
///
/// This type is separate from ``ChunkWriter`` because it does not depend on the type of the inputs:
/// the work per chunk, and thus per item of single-item chunks, costs no look-up of types here.
struct ChunkFramer: ~Copyable {
  /// The writer to whose end items are encoded.
  var writer: WireWriter
  private let call: CallID
  /// The number of items per chunk, and the length in bytes at which an automatically sized chunk
  /// ends.
  private let chunkSize: Int
  private let byteLimit: Int
  /// The maximum length of a frame's body in bytes.
  let maximumBody: Int
  private let packing: ItemPacking
  private let lane: PayloadMemory?

  private var frames: [Frame] = []
  /// Collects the shared memory in inputs; `nil` for inputs of fixed size, which have the same form
  /// in the frame as in memory and hold none.
  let sharing: SharedScope?

  /// Consecutive frames that are scheduled together.
  private struct Frame {
    let start: Int
    var end: Int
    let first: UInt64
    var count: Int
    var frames = 1
    let seat: WorkerID?
    let shared: [SharedBlock]

    /// Whether the next frame can be scheduled together with these. It cannot if one of them is for
    /// a certain worker, holds shared memory, or is long enough to be passed in shared memory.
    func isJoinable(with next: Frame, together: Int) -> Bool {
      seat == nil && next.seat == nil && shared.isEmpty && next.shared.isEmpty
        && first + UInt64(count) == next.first && count + next.count <= together
        && (frames > 1 || end - start < PayloadMemory.shortest)
        && next.end - next.start < PayloadMemory.shortest
        && next.end - start <= Pacing.chunkBytes
    }
  }

  /// The worker that must run the open chunk; `nil` for any.
  var seat: WorkerID?
  private var start = -1
  /// The number of items in the open chunk.
  private(set) var count = 0
  /// The shared memory in those items of the open chunk that an earlier framer has written.
  private var carried: [SharedBlock] = []
  /// The index of the next item.
  private(set) var next: UInt64
  /// The items that could not be encoded, and their errors.
  private(set) var failures: [(item: UInt64, error: any Error)] = []

  init(
    call: CallID, first: UInt64, _ limits: ChunkLimits, packing: ItemPacking, lane: PayloadMemory?
  ) {
    self.call = call
    chunkSize = limits.items
    maximumBody = limits.maximumBody
    self.packing = packing
    self.lane = lane
    byteLimit = limits.isAutomatic ? Pacing.chunkBytes : .max
    next = first
    sharing = packing.stride > 0 ? nil : SharedScope()
    writer = WireWriter(capacity: 256, growingIn: lane)
  }

  /// The number of items per chunk, if the caller has specified it.
  var exactChunkSize: Int? { byteLimit == .max ? chunkSize : nil }

  /// Whether these chunks should be sent before more inputs are produced. A chunk of a given size
  /// is completed first.
  var isFull: Bool { writer.count >= Pacing.windowBytes && (start < 0 || exactChunkSize == nil) }

  /// Opens a chunk, unless one is open, so that items can be written.
  mutating func open() {
    guard start < 0 else { return }
    start = writer.count
    _ = writer.appendUninitialized(FrameHeader.size)
  }

  mutating func close() {
    guard start >= 0 else { return }
    if count == 0 {
      writer.truncate(to: start)
    } else {
      let first = next - UInt64(count)
      let header = FrameHeader(
        .chunk, call: call, count: UInt32(count), first: first,
        bodyLength: writer.count - start - FrameHeader.size)
      writer.padTo8()
      header.store(to: UnsafeMutableRawPointer(mutating: writer.bytes.baseAddress! + start))
      frames.append(
        Frame(
          start: start, end: writer.count, first: first, count: count, seat: seat,
          shared: takeShared()))
    }
    start = -1
    count = 0
  }

  /// Whether any chunk is complete.
  var hasFrames: Bool { !frames.isEmpty }

  /// Moves the open chunk to another framer, to be completed when more inputs arrive.
  ///
  /// - Complexity: O(bytes of the open chunk).
  mutating func takeOpen() -> ChunkFramer {
    var other = ChunkFramer(
      call: call, first: next,
      ChunkLimits(items: chunkSize, isAutomatic: byteLimit != .max, maximumBody: maximumBody),
      packing: packing, lane: lane)
    guard count > 0 else { return other }
    other.open()
    other.writer.writeBytes(UnsafeRawBufferPointer(rebasing: writer.bytes[(start + FrameHeader.size)...]))
    other.count = count
    other.carried = takeShared()
    writer.truncate(to: start)
    next -= UInt64(count)
    (start, count) = (-1, 0)
    return other
  }

  /// Takes the items that could not be encoded since the last time.
  mutating func takeFailures() -> [(item: UInt64, error: any Error)] {
    defer { failures = [] }
    return failures
  }

  /// Takes the shared memory in items of the open chunk. There is usually none, and arrays are not
  /// joined in this case, because this is done for each item if chunks have one item.
  private mutating func takeShared() -> [SharedBlock] {
    let own = sharing?.takeCarried() ?? []
    if carried.isEmpty { return own }
    defer { carried = [] }
    return carried + own
  }

  private mutating func closeIfFull() {
    if count == chunkSize || writer.count - start >= byteLimit { close() }
  }

  /// Counts the item that was written from `before` on.
  ///
  /// - Returns: whether the item fits into the chunk; otherwise it is removed, and begins the next
  ///   chunk.
  /// - Throws: ``PayloadTooLong`` if it exceeds the maximum length of a chunk.
  mutating func commit(from before: Int) throws -> Bool {
    guard writer.count - start - FrameHeader.size <= maximumBody else {
      let length = writer.count - before
      guard count > 0, length <= maximumBody else { throw PayloadTooLong(length: length, limit: maximumBody) }
      writer.truncate(to: before)
      close()
      return false
    }
    count += 1
    next += 1
    closeIfFull()
    return true
  }

  /// Records that the next item could not be encoded, and removes what was written of it from
  /// `before` on.
  mutating func fail(_ error: any Error, from before: Int) {
    writer.truncate(to: before)
    close()
    failures.append((next, error))
    next += 1
  }

  /// Appends consecutive items of fixed size.
  mutating func append(block: UnsafeRawBufferPointer) {
    let stride = packing.stride
    guard stride <= maximumBody else {
      for _ in 0..<block.count / stride {
        failures.append((next, PayloadTooLong(length: stride, limit: maximumBody)))
        next += 1
      }
      return
    }
    var offset = 0
    while offset < block.count {
      open()
      let body = writer.count - start - FrameHeader.size
      guard body + stride <= maximumBody else {
        close()
        continue
      }
      let room = min(chunkSize - count, max(1, (byteLimit - (writer.count - start)) / stride))
      let items = min(room, (maximumBody - body) / stride, (block.count - offset) / stride)
      writer.writeBytes(
        UnsafeRawBufferPointer(start: block.baseAddress! + offset, count: items * stride))
      count += items
      next += UInt64(items)
      offset += items * stride
      closeIfFull()
    }
  }

  /// Returns the chunks, ready to be sent.
  ///
  /// - Parameter together: the maximum number of items of shorter chunks that are scheduled
  ///   together.
  consuming func finish(together: Int) -> [Chunk<InputSlice>] {
    close()
    guard !frames.isEmpty else { return [] }
    let (call, frames, packing) = (call, Self.joined(frames, together: together), packing)
    let memory = FrameMemory(writer)
    return frames.map { frame in
      let slice = InputSlice(
        memory: memory, start: frame.start, end: frame.end, frameCount: frame.frames, packing: packing,
        shared: frame.shared)
      return Chunk(
        call: call, first: ItemIndex(frame.first), count: frame.count, payload: slice, seat: frame.seat)
    }
  }

  private static func joined(_ frames: [Frame], together: Int) -> [Frame] {
    guard together > 1 else { return frames }
    var joined: [Frame] = []
    for frame in frames {
      if let last = joined.last, last.isJoinable(with: frame, together: together) {
        joined[joined.count - 1].end = frame.end
        joined[joined.count - 1].count += frame.count
        joined[joined.count - 1].frames += 1
      } else {
        joined.append(frame)
      }
    }
    return joined
  }
}

/// A value that is longer than the pool's configuration allows.
struct PayloadTooLong: Error, CustomStringConvertible {
  let length: Int
  let limit: Int
  var description: String {
    "it takes \(length) bytes, and the pool's `payloads.maximum` is \(limit); send less, or raise it"
  }
}

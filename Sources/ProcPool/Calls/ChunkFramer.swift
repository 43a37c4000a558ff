import ProcPoolProtocol
import ProcPoolSharedMemory
import ProcPoolWire

/// Puts encoded inputs into frames, those of several chunks in one piece of memory.
///
/// Apart from ``ChunkWriter`` because it knows nothing of the inputs' type: what is done for each chunk, and
/// so for each item where a chunk has one, costs no look-up of types here.
struct ChunkFramer: ~Copyable {
  /// Whoever encodes an item writes it to the end of this.
  var writer: WireWriter
  private let call: CallID
  /// Items to a chunk, and the bytes at which a chunk of automatic size ends.
  private let chunkSize: Int
  private let byteLimit: Int
  /// The longest body of a frame.
  let maximumBody: Int
  private let packing: ItemPacking
  private let lane: MemoryLane?

  private var frames: [Frame] = []
  /// Collects the shared memory that is in inputs; `nil` for those of fixed size, which lie in the frame as in
  /// memory and have none.
  let sharing: SharedScope?

  /// Consecutive frames, as they are moved about.
  private struct Frame {
    let start: Int
    var end: Int
    let first: UInt64
    var count: Int
    var frames = 1
    let seat: WorkerID?
    let shared: [SharedBlock]

    /// Whether the next one can go with these: not if one of them is for a certain worker, or carries
    /// something, or is better left where a worker finds it.
    func isJoinable(with next: Frame, together: Int) -> Bool {
      seat == nil && next.seat == nil && shared.isEmpty && next.shared.isEmpty
        && first + UInt64(count) == next.first && count + next.count <= together
        && (frames > 1 || end - start < MemoryLane.shortest) && next.end - next.start < MemoryLane.shortest
        && next.end - start <= Pacing.chunkBytes
    }
  }

  /// The worker for which the open chunk is; `nil` for any.
  var seat: WorkerID?
  private var start = -1
  /// Items in the open chunk.
  private(set) var count = 0
  /// Shared memory in items of the open chunk that an earlier framer has written.
  private var carried: [SharedBlock] = []
  /// The index of the next item.
  private(set) var next: UInt64
  /// Items that could not be encoded, and why.
  private(set) var failures: [(item: UInt64, error: any Error)] = []

  init(
    call: CallID, first: UInt64, _ limits: ChunkLimits, packing: ItemPacking, lane: MemoryLane?
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

  /// Items to a chunk, where the caller has said how many.
  var exactChunkSize: Int? { byteLimit == .max ? chunkSize : nil }

  /// Whether further inputs should be made only when these are on their way: a chunk of given size is
  /// completed first.
  var isFull: Bool { writer.count >= Pacing.windowBytes && (start < 0 || exactChunkSize == nil) }

  /// Makes sure that a chunk is open; then items can be written.
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

  /// Takes the open chunk out of this framer, to be completed when more inputs have come.
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

  /// Items that could not be encoded since this was last asked.
  mutating func takeFailures() -> [(item: UInt64, error: any Error)] {
    defer { failures = [] }
    return failures
  }

  /// The shared memory in items of the open chunk. Nearly always there is none, and arrays are not to be joined
  /// for that: where a chunk has one item, this is done for each.
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
  /// - Returns: whether it found room; else it is gone again, and begins the next chunk.
  /// - Throws: ``PayloadTooLong`` if it is longer than any chunk may be.
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

  /// The next item could not be encoded; what was written of it, from `before` on, goes.
  mutating func fail(_ error: any Error, from before: Int) {
    writer.truncate(to: before)
    close()
    failures.append((next, error))
    next += 1
  }

  /// Adds consecutive items of fixed size.
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

  /// The chunks, ready to be sent.
  ///
  /// - Parameter together: how many items of shorter chunks are moved about as one, at the most.
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

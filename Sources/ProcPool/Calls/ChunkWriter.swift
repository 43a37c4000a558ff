import ProcPoolSharedMemory
import ProcPoolWire

/// Builds the frames of several chunks in one piece of memory.
struct ChunkWriter<Input: Codable & Sendable>: ~Copyable {
  private var writer: WireWriter
  private let codec: ItemCodec<Input>
  private let call: UInt32
  /// Items to a chunk, and the bytes at which a chunk of automatic size ends.
  private let chunkSize: Int
  private let byteLimit: Int
  /// The longest body of a frame.
  private let maximumBody: Int

  private var frames: [(start: Int, end: Int, first: UInt64, count: Int, seat: Int?, shared: [SharedBlock])] =
    []
  /// Inputs of fixed size lie in the frame as in memory, and no shared memory is in them.
  private let sharing: SharedScope?
  /// The worker for which the open chunk is; `nil` for any.
  private var seat: Int?
  private var start = -1
  private var count = 0
  /// The index of the next item.
  private(set) var next: UInt64
  /// Items that could not be encoded, and why.
  private(set) var failures: [(item: UInt64, error: any Error)] = []

  init(
    codec: ItemCodec<Input>, call: UInt32, first: UInt64, chunkSize: Int, isAutomatic: Bool, maximumBody: Int,
    lane: InputLane? = nil
  ) {
    self.codec = codec
    self.call = call
    self.chunkSize = chunkSize
    self.maximumBody = maximumBody
    byteLimit = isAutomatic ? Pacing.chunkBytes : .max
    next = first
    sharing = codec.blockStride > 0 ? nil : SharedScope()
    writer = WireWriter(capacity: 256, growingIn: lane)
  }

  /// Items to a chunk, where the caller has said how many.
  var exactChunkSize: Int? { byteLimit == .max ? chunkSize : nil }

  /// Whether further inputs should be made only when these are on their way: a chunk of given size is
  /// completed first.
  var isFull: Bool { writer.count >= Pacing.windowBytes && (start < 0 || exactChunkSize == nil) }

  private mutating func open() {
    guard start < 0 else { return }
    start = writer.count
    _ = writer.appendUninitialized(FrameHeader.size)
  }

  private mutating func close() {
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
      frames.append((start, writer.count, first, count, seat, sharing?.takeCarried() ?? []))
    }
    start = -1
    count = 0
  }

  private mutating func closeIfFull() {
    if count == chunkSize || writer.count - start >= byteLimit { close() }
  }

  /// Adds an item.
  mutating func append(_ input: Input) {
    open()
    let before = writer.count
    do {
      if codec.blockStride > 0 {
        try codec.encode(input, into: &writer)
      } else {
        try sharing!.enter { try appendPrefixed(input) }
      }
      guard writer.count - start - FrameHeader.size <= maximumBody else {
        if count > 0, writer.count - before <= maximumBody {
          // The chunk is full; the item begins the next one.
          writer.truncate(to: before)
          close()
          return append(input)
        }
        throw PayloadTooLong(length: writer.count - before, limit: maximumBody)
      }
      count += 1
      next += 1
      closeIfFull()
    } catch {
      writer.truncate(to: before)
      close()
      failures.append((next, error))
      next += 1
    }
  }

  /// Adds an item that is a chunk of its own, for one worker.
  mutating func append(_ input: Input, to seat: Int) {
    close()
    self.seat = seat
    append(input)
    close()
    self.seat = nil
  }

  /// An item of no fixed size after its length. One byte is kept for the length, which is what nearly all
  /// take; an item that needs more is moved.
  private mutating func appendPrefixed(_ input: Input) throws {
    let prefix = writer.count
    writer.writeByte(0)
    try codec.encode(input, into: &writer)
    let length = writer.count - prefix - 1
    if length < 0x80 {
      writer.patch(UInt8(length), at: prefix)
      return
    }
    let extra = (Int.bitWidth - length.leadingZeroBitCount + 6) / 7 - 1
    _ = writer.appendUninitialized(extra)
    let base = UnsafeMutableRawPointer(mutating: writer.bytes.baseAddress!)
    (base + prefix + 1 + extra).copyMemory(from: base + prefix + 1, byteCount: length)
    var rest = UInt64(length)
    for index in 0...extra {
      base.storeBytes(
        of: UInt8(truncatingIfNeeded: rest & 0x7F) | (index < extra ? 0x80 : 0), toByteOffset: prefix + index,
        as: UInt8.self)
      rest >>= 7
    }
  }

  /// Adds consecutive items of fixed size that lie in memory as they lie on the wire.
  mutating func append(block: UnsafeBufferPointer<Input>) {
    let stride = codec.blockStride
    guard stride <= maximumBody else {
      for _ in block {
        failures.append((next, PayloadTooLong(length: stride, limit: maximumBody)))
        next += 1
      }
      return
    }
    var rest = block[...]
    while !rest.isEmpty {
      open()
      let body = writer.count - start - FrameHeader.size
      guard body + stride <= maximumBody else {
        close()
        continue
      }
      let room = min(chunkSize - count, max(1, (byteLimit - (writer.count - start)) / stride))
      let part = rest.prefix(min(room, (maximumBody - body) / stride))
      writer.writeBytes(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: part)))
      count += part.count
      next += UInt64(part.count)
      rest = rest.dropFirst(part.count)
      closeIfFull()
    }
  }

  /// The chunks, ready to be sent.
  consuming func finish() -> [Chunk<InputSlice>] {
    close()
    let packing = ItemPacking(stride: codec.blockStride)
    guard !frames.isEmpty else { return [] }
    let (call, frames) = (call, frames)
    let memory = FrameMemory(writer)
    return frames.map { frame in
      let slice = InputSlice(
        memory: memory, start: frame.start, end: frame.end, packing: packing, shared: frame.shared)
      return Chunk(call: call, first: frame.first, count: frame.count, payload: slice, seat: frame.seat)
    }
  }
}

/// A value that is longer than the pool's configuration allows.
struct PayloadTooLong: Error, CustomStringConvertible {
  let length: Int
  let limit: Int
  var description: String {
    "it takes \(length) bytes, and the pool's maximumPayload is \(limit); send less, or raise it"
  }
}

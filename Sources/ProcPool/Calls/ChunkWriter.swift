import ProcPoolProtocol
import ProcPoolWire

/// Encodes inputs into the frames of chunks.
struct ChunkWriter<Input: Codable & Sendable>: ~Copyable {
  private var framer: ChunkFramer
  private let codec: ItemCodec<Input>

  init(
    codec: ItemCodec<Input>, call: CallID, first: UInt64, _ limits: ChunkLimits, lane: MemoryLane? = nil
  ) {
    self.codec = codec
    framer = ChunkFramer(
      call: call, first: first, limits, packing: ItemPacking(stride: codec.blockStride), lane: lane)
  }

  /// Items to a chunk, where the caller has said how many.
  var exactChunkSize: Int? { framer.exactChunkSize }
  /// Whether further inputs should be made only when these are on their way.
  var isFull: Bool { framer.isFull }
  /// The index of the next item.
  var next: UInt64 { framer.next }
  /// Items that could not be encoded, and why.
  var failures: [(item: UInt64, error: any Error)] { framer.failures }
  /// Items of the chunk that is not complete.
  var openCount: Int { framer.count }
  /// Whether any chunk is complete.
  var hasChunks: Bool { framer.hasFrames }

  private init(_ framer: consuming ChunkFramer, codec: ItemCodec<Input>) {
    self.framer = framer
    self.codec = codec
  }

  /// Takes the chunk that is not complete out of this writer, to be completed when more inputs have come.
  mutating func takeOpen() -> ChunkWriter { ChunkWriter(framer.takeOpen(), codec: codec) }

  /// Items that could not be encoded since this was last asked.
  mutating func takeFailures() -> [(item: UInt64, error: any Error)] { framer.takeFailures() }

  /// Adds an item.
  mutating func append(_ input: Input) {
    framer.open()
    let before = framer.writer.count
    do {
      if let sharing = framer.sharing {
        try sharing.enter { try appendPrefixed(input) }
      } else {
        try codec.encode(input, into: &framer.writer)
      }
      // The item begins the next chunk, if it has no room in this one.
      if try !framer.commit(from: before) { append(input) }
    } catch {
      framer.fail(error, from: before)
    }
  }

  /// Adds an item that is a chunk of its own, for one worker.
  mutating func append(_ input: Input, to seat: WorkerID) {
    framer.close()
    framer.seat = seat
    append(input)
    framer.close()
    framer.seat = nil
  }

  /// An item of no fixed size after its length. One byte is kept for the length, which is what nearly all
  /// take; an item that needs more is moved.
  private mutating func appendPrefixed(_ input: Input) throws {
    let prefix = framer.writer.count
    framer.writer.writeByte(0)
    try codec.encode(input, into: &framer.writer)
    let length = framer.writer.count - prefix - 1
    if length < 0x80 {
      framer.writer.patch(UInt8(length), at: prefix)
      return
    }
    let extra = (Int.bitWidth - length.leadingZeroBitCount + 6) / 7 - 1
    _ = framer.writer.appendUninitialized(extra)
    let base = UnsafeMutableRawPointer(mutating: framer.writer.bytes.baseAddress!)
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
    framer.append(block: UnsafeRawBufferPointer(block))
  }

  /// The chunks, ready to be sent.
  ///
  /// - Parameter together: how many items of shorter chunks are moved about as one, at the most.
  consuming func finish(together: Int = 1) -> [Chunk<InputSlice>] { framer.finish(together: together) }
}

import ProcPoolProtocol
import ProcPoolWire

/// Encodes inputs into the frames of chunks.
struct ChunkWriter<Input: Codable & Sendable>: ~Copyable {
  private var framer: ChunkFramer
  private let codec: ItemCodec<Input>

  init(
    codec: ItemCodec<Input>, call: CallID, first: UInt64, _ limits: ChunkLimits, lane: PayloadMemory? = nil
  ) {
    self.codec = codec
    framer = ChunkFramer(
      call: call, first: first, limits, packing: ItemPacking(stride: codec.blockStride), lane: lane)
  }

  /// The number of items per chunk, if the caller has specified it.
  var exactChunkSize: Int? { framer.exactChunkSize }
  /// Whether these chunks should be sent before more inputs are produced.
  var isFull: Bool { framer.isFull }
  /// The index of the next item.
  var next: UInt64 { framer.next }
  /// The items that could not be encoded, and their errors.
  var failures: [(item: UInt64, error: any Error)] { framer.failures }
  /// The number of items in the incomplete chunk.
  var openCount: Int { framer.count }
  /// Whether any chunk is complete.
  var hasChunks: Bool { framer.hasFrames }

  private init(_ framer: consuming ChunkFramer, codec: ItemCodec<Input>) {
    self.framer = framer
    self.codec = codec
  }

  /// Moves the incomplete chunk to another writer, to be completed when more inputs arrive.
  mutating func takeOpen() -> ChunkWriter { ChunkWriter(framer.takeOpen(), codec: codec) }

  /// Takes the items that could not be encoded since the last time.
  mutating func takeFailures() -> [(item: UInt64, error: any Error)] { framer.takeFailures() }

  /// Appends an item.
  mutating func append(_ input: Input) {
    framer.open()
    let before = framer.writer.count
    do {
      if let sharing = framer.sharing {
        try sharing.enter { try appendPrefixed(input) }
      } else {
        try codec.encode(input, into: &framer.writer)
      }
      // If the item does not fit into this chunk, it begins the next one.
      if try !framer.commit(from: before) { append(input) }
    } catch {
      framer.fail(error, from: before)
    }
  }

  /// Appends an item as a separate chunk for one worker.
  mutating func append(_ input: Input, to seat: WorkerID) {
    framer.close()
    framer.seat = seat
    append(input)
    framer.close()
    framer.seat = nil
  }

  /// Appends an item of variable size after its length. One byte is reserved for the length, which
  /// is sufficient for almost all items; an item that needs more is moved.
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

  /// Appends consecutive items of fixed size whose form in memory is that on the wire.
  mutating func append(block: UnsafeBufferPointer<Input>) {
    framer.append(block: UnsafeRawBufferPointer(block))
  }

  /// Returns the chunks, ready to be sent.
  ///
  /// - Parameter together: the maximum number of items of shorter chunks that are scheduled
  ///   together.
  consuming func finish(together: Int = 1) -> [Chunk<InputSlice>] { framer.finish(together: together) }
}

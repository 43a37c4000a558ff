import ProcPoolProtocol
import ProcPoolSharedMemory
import ProcPoolWire
import ProcPoolWorker

/// Decodes the results of a call.
struct OutputDecoder<Output> {
  private let codec: _OutputCodec<Output>
  private let sharing: SharedScope?
  /// The shared memory that outputs hold; `nil` for outputs that cannot hold any, because they have
  /// the same form in a frame as in memory.
  let lent: LentBlocks?

  /// - Parameter lent: the shared memory of the call, if another decoder has been made for it.
  init(_ codec: _OutputCodec<Output>, lent: LentBlocks? = nil) {
    self.codec = codec
    if case .values(let codec) = codec, codec.blockStride == 0 {
      self.lent = lent ?? LentBlocks()
      sharing = SharedScope(lent: self.lent)
    } else {
      self.lent = nil
      sharing = nil
    }
  }

  var shape: OutputShape {
    switch codec {
    case .values(let codec): .packed(ItemPacking(stride: codec.blockStride))
    case .nothing: .nothing
    case .unavailable: .packed(ItemPacking(stride: 0))
    }
  }

  /// Whether outputs have the same form in a frame as in memory.
  var isBlock: Bool {
    if case .values(let codec) = codec { return codec.blockStride > 0 }
    return false
  }

  /// Decodes the next output of a frame's body.
  func next(_ reader: inout WireReader) throws -> Output {
    switch codec {
    case .values(let codec):
      let bytes = try ItemPacking(stride: codec.blockStride).next(&reader)
      guard let sharing else { return try codec.decode(bytes) }
      return try sharing.enter { try codec.decode(bytes) }
    case .nothing:
      // Safety: the cast cannot fail, because `Output` is `Void`.
      return () as! Output
    case .unavailable:
      throw WireError.malformed("outputs of type \(Output.self) cannot be sent", offset: 0)
    }
  }
}

/// Outputs that are decoded one by one, on demand.
struct OutputCursor<Output> {
  private let slice: OutputSlice
  private var reader: WireReader
  private(set) var remaining: Int

  init(_ slice: OutputSlice, count: Int) {
    self.slice = slice
    // Safety: the reader points into the slice's memory, which this value retains.
    reader = WireReader(slice.bytes)
    remaining = count
  }

  /// Returns the next outputs, up to one that cannot be decoded: at most some thousands, and as
  /// many as can be decoded in a short time.
  ///
  /// - Parameter first: the item of the first of them.
  mutating func nextBatch(
    _ decoder: OutputDecoder<Output>, first: ItemID
  ) -> (outputs: [Output], undecodable: PoolError?) {
    // Large enough that the cost per batch is negligible per item, but not all of a long frame at
    // once.
    let count = min(remaining, 4096)
    // If some are missing, outputs are read one by one, so that the missing one throws.
    if decoder.isBlock, let bytes = try? reader.readBytes(count * MemoryLayout<Output>.stride) {
      remaining -= count
      return (Self.block(bytes, count: count), nil)
    }
    var outputs: [Output] = []
    outputs.reserveCapacity(count)
    let slice = TimeSlice()
    for index in 0..<count {
      switch next(decoder, item: ItemID(call: first.call, index: first.index + index)) {
      case .success(let output): outputs.append(output)
      case .failure(let error): return (outputs, error)
      }
      if slice.isOver { break }
    }
    return (outputs, nil)
  }

  /// Copies values whose form on the wire is that in memory.
  private static func block(_ bytes: UnsafeRawBufferPointer, count: Int) -> [Output] {
    [Output](unsafeUninitializedCapacity: count) { memory, initialized in
      UnsafeMutableRawBufferPointer(memory).copyMemory(from: bytes)
      initialized = count
    }
  }

  /// Returns the next output, or the error of its decoding, which does not affect the following
  /// ones.
  mutating func next(
    _ decoder: OutputDecoder<Output>, item: @autoclosure () -> ItemID
  ) -> Result<Output, PoolError> {
    remaining -= 1
    do {
      return .success(try decoder.next(&reader))
    } catch {
      return .failure(
        .notCodable(
          CodingFailure(
            item: item(), value: .output, isEncoding: false,
            message: LocalizedDescription.words(for: error))))
    }
  }
}

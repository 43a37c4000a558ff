import ProcPoolProtocol
import ProcPoolSharedMemory
import ProcPoolWire
import ProcPoolWorker

/// Turns results back into values.
struct OutputDecoder<Output> {
  private let codec: _OutputCodec<Output>
  private let sharing: SharedScope?
  /// Where the shared memory is that outputs hold; `nil` for outputs that cannot hold any, because they lie
  /// in a frame as they lie in memory.
  let lent: LentBlocks?

  /// - Parameter lent: of the call, if another decoder has been made for it.
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

  /// Whether outputs lie in a frame as they lie in memory.
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
      // The cast cannot fail: `Output` is `Void`.
      return () as! Output
    case .unavailable:
      throw WireError.malformed("outputs of type \(Output.self) cannot be sent", offset: 0)
    }
  }
}

/// Decoded one by one, as they are asked for.
struct OutputCursor<Output> {
  private let slice: OutputSlice
  private var reader: WireReader
  private(set) var remaining: Int

  init(_ slice: OutputSlice, count: Int) {
    self.slice = slice
    // The reader points into the slice's memory, which this value keeps.
    reader = WireReader(slice.bytes)
    remaining = count
  }

  /// The next outputs, some thousands at the most and as many as can be decoded in a short time, up to one that
  /// cannot be decoded.
  ///
  /// - Parameter first: the item of the first of them.
  mutating func nextBatch(
    _ decoder: OutputDecoder<Output>, first: ItemID
  ) -> (outputs: [Output], undecodable: PoolError?) {
    // So many that what is done per batch costs nothing per item, and not all of a long frame at once.
    let count = min(remaining, 4096)
    // Where they are not all there, they are read one by one, and the one that is not says so.
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

  /// Values that lie on the wire as they lie in memory.
  private static func block(_ bytes: UnsafeRawBufferPointer, count: Int) -> [Output] {
    [Output](unsafeUninitializedCapacity: count) { memory, initialized in
      UnsafeMutableRawBufferPointer(memory).copyMemory(from: bytes)
      initialized = count
    }
  }

  /// The next output, or why it cannot be decoded; those after it can be, all the same.
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

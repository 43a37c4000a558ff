import ProcPoolProtocol
import ProcPoolSharedMemory
import ProcPoolSystem
import ProcPoolWire

/// The frame of a chunk within a memory of many, or consecutive frames of several chunks: the unit
/// of scheduling.
struct InputSlice: ChunkPayload {
  let memory: FrameMemory
  /// The start of the first frame, and the end of the last one.
  let start: Int
  let end: Int
  var frameCount = 1
  let packing: ItemPacking
  /// The shared blocks whose handles are in the inputs, kept until all items have ended.
  var shared: [SharedBlock] = []
  /// The room for long outputs of these items. Parts of them have none, because another worker may
  /// run these.
  var room: PayloadMemory.Loan?

  var byteCount: Int { end - start }

  /// - Complexity: O(bytes): the items are copied to new memory with their own header.
  func items(_ range: Range<Int>) -> InputSlice {
    var writer = WireWriter(capacity: min(end - start, 1 << 12))
    var written = 0
    var first = 0
    forEachFrame { place, header in
      let wanted = range.clamped(to: first..<first + Int(header.count))
      defer { first += Int(header.count) }
      guard !wanted.isEmpty else { return }
      let body = UnsafeRawBufferPointer(start: place + FrameHeader.size, count: header.bodyLength)
      // Safety: the frame was written by this process.
      let start = try! packing.length(ofFirst: wanted.lowerBound - first, in: body)
      let end = try! packing.length(ofFirst: wanted.upperBound - first, in: body)
      var part = header
      part.first += UInt64(wanted.lowerBound - first)
      part.count = UInt32(wanted.count)
      writer.writeFrame(part) { $0.writeBytes(UnsafeRawBufferPointer(rebasing: body[start..<end])) }
      written += 1
    }
    let memory = FrameMemory(writer)
    return InputSlice(
      memory: memory, start: 0, end: memory.count, frameCount: written, packing: packing, shared: shared)
  }

  private func forEachFrame(_ body: (UnsafeMutableRawPointer, FrameHeader) -> Void) {
    var place = memory.base + start
    for _ in 0..<frameCount {
      let header = try! FrameHeader(loading: place)  // Written by this process.
      body(place, header)
      place += header.frameLength
    }
  }

  /// A frame with the location of this one's body; `nil` if only this process can access it, or if
  /// it is short.
  func reference() -> FrameMemory? {
    guard let segment = memory.segment, frameCount == 1, byteCount >= PayloadMemory.shortest else {
      return nil
    }
    var header = try! FrameHeader(loading: memory.base + start)  // Written by this process.
    let body = BodyLocation(
      memory: segment.location(of: memory.base + start + FrameHeader.size), length: header.bodyLength)
    header.kind = .indirectChunk
    return FrameMemory(header) { body.write(to: &$0) }
  }

  /// Stores the hint in the headers of the frames.
  func note(_ hint: ChunkHint) {
    change { flags in
      flags.flushes = hint.flushes
      flags.claimExponent = hint.claimExponent
      flags.polls = hint.polls
    }
  }

  /// Stores there that another call will probably follow soon.
  func noteAwaitsCall() { change { $0.awaitsCall = true } }

  private func change(_ change: (inout ChunkFlags) -> Void) {
    forEachFrame { place, header in
      var flags = ChunkFlags(rawValue: header.flags)
      change(&flags)
      place.storeBytes(of: flags.rawValue, toByteOffset: 7, as: UInt8.self)
    }
  }
}

extension InputSlice {
  /// Returns the results that a worker reports in the room for these items.
  ///
  /// - Parameter place: the body of the frame with the location.
  func results(at place: UnsafeRawBufferPointer) -> (header: FrameHeader, body: OutputSlice)? {
    guard let room, let frame = try? IndirectFrame(from: place) else { return nil }
    let memory = ReceivedMemory(room)
    guard frame.offset + frame.length <= memory.capacity,
      let header = try? FrameHeader(loading: memory.base + frame.offset), header.kind == .results,
      header.bodyLength == frame.length - FrameHeader.size
    else { return nil }
    let start = frame.offset + FrameHeader.size
    return (header, OutputSlice(memory: memory, start: start, count: header.bodyLength))
  }

  /// The frame that gives the room to a worker.
  func roomFrame() -> FrameMemory? {
    room.map { room in
      let memory = room.segment.mapping
      let location = BodyLocation(memory: room.segment.location(of: memory.base), length: memory.count)
      return FrameMemory(FrameHeader(.room)) { location.write(to: &$0) }
    }
  }
}

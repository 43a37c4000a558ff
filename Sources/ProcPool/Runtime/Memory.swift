import ProcPoolProtocol
import ProcPoolSharedMemory
import ProcPoolSystem
import ProcPoolWire

/// Frames that wait to be written, or may have to be written again: memory with as many owners as it has
/// frames.
///
/// - Because `@unchecked Sendable`: written before it is shared; afterwards only a frame's flags and its task's number
///   are, under the pool's lock and before the frame is sent.
final class FrameMemory: @unchecked Sendable {
  let base: UnsafeMutableRawPointer
  let count: Int
  /// Shared blocks whose handles are in it.
  let shared: [SharedBlock]
  /// Whose memory it is; `nil` for the heap's.
  private let loan: MemoryLane.Loan?

  init(_ writer: consuming WireWriter, shared: [SharedBlock] = []) {
    let (base, count, owner) = writer.release()!
    self.base = base
    self.count = count
    self.shared = shared
    // The cast cannot fail: a lane is all that writers get memory from.
    loan = owner.map { unsafeDowncast($0, to: MemoryLane.Loan.self) }
  }

  deinit {
    if loan == nil { base.deallocate() }
  }

  /// The memory that workers see, if it lies there.
  var segment: MemoryLane.Segment? { loan?.segment }

  /// Fills in the call of the frame that it begins with.
  func number(call: CallID) { change { $0.call = call } }

  /// Fills in the task of the call frame that it is.
  func number(task: UInt64) { change { $0.first = task } }

  private func change(_ change: (inout FrameHeader) -> Void) {
    var header = try! FrameHeader(loading: base)  // Written by this process.
    change(&header)
    header.store(to: base)
  }

  /// One frame without a body, or with a small one.
  convenience init(
    _ header: FrameHeader, shared: [SharedBlock] = [], _ body: (inout WireWriter) -> Void = { _ in }
  ) {
    var writer = WireWriter(capacity: 64)
    writer.writeFrame(header, body)
    self.init(writer, shared: shared)
  }
}

/// The frame of a chunk in the memory of many, or those of several: what the scheduler moves about.
struct InputSlice: ChunkPayload {
  let memory: FrameMemory
  /// Where the first frame begins, and the last one ends.
  let start: Int
  let end: Int
  var frameCount = 1
  let packing: ItemPacking
  /// Shared blocks whose handles are in it: kept until all of its items have ended.
  var shared: [SharedBlock] = []
  /// Where long outputs of these items go; not those of parts of them, which may be in another worker.
  var room: MemoryLane.Loan?

  var byteCount: Int { end - start }

  /// - Complexity: O(bytes): they get memory and a header of their own.
  func items(_ range: Range<Int>) -> InputSlice {
    var writer = WireWriter(capacity: min(end - start, 1 << 12))
    var written = 0
    var first = 0
    forEachFrame { place, header in
      let wanted = range.clamped(to: first..<first + Int(header.count))
      defer { first += Int(header.count) }
      guard !wanted.isEmpty else { return }
      let body = UnsafeRawBufferPointer(start: place + FrameHeader.size, count: header.bodyLength)
      // Written by this process.
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

  /// A frame that says where this one's body lies; `nil` if only this process sees it, or it is short.
  func reference() -> FrameMemory? {
    guard let segment = memory.segment, frameCount == 1, byteCount >= MemoryLane.shortest else { return nil }
    var header = try! FrameHeader(loading: memory.base + start)  // Written by this process.
    let body = BodyLocation(
      memory: segment.location(of: memory.base + start + FrameHeader.size), length: header.bodyLength)
    header.kind = .indirectChunk
    return FrameMemory(header) { body.write(to: &$0) }
  }

  /// Notes in the frames' headers what the worker is told about them.
  func note(_ hint: ChunkHint) {
    change { flags in
      flags.flushes = hint.flushes
      flags.claimExponent = hint.claimExponent
    }
  }

  /// Notes there that another call will most likely follow soon.
  func noteAwaitsCall() { change { $0.awaitsCall = true } }

  private func change(_ change: (inout ChunkFlags) -> Void) {
    forEachFrame { place, header in
      var flags = ChunkFlags(rawValue: header.flags)
      change(&flags)
      place.storeBytes(of: flags.rawValue, toByteOffset: 7, as: UInt8.self)
    }
  }
}

/// Memory that was read into, kept by the results that lie in it.
///
/// - Because `@unchecked Sendable`: the runtime thread writes only behind what it has handed out.
final class ReceivedMemory: @unchecked Sendable {
  let base: UnsafeMutableRawPointer
  let capacity: Int
  /// Whose memory it is; `nil` for the heap's.
  private let room: MemoryLane.Loan?

  init(capacity: Int) {
    // 16, so that the frames in it, and their bodies, are aligned to 8.
    base = .allocate(byteCount: capacity, alignment: 16)
    self.capacity = capacity
    room = nil
  }

  /// What a worker has written into its room.
  init(_ room: MemoryLane.Loan) {
    base = room.segment.mapping.base
    capacity = room.segment.mapping.count
    self.room = room
  }

  deinit {
    if room == nil { base.deallocate() }
  }
}

/// Outputs of consecutive items, still encoded.
struct OutputSlice: Sendable {
  let memory: ReceivedMemory
  let start: Int
  let count: Int

  var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: memory.base + start, count: count)
  }
}

extension InputSlice {
  /// The results that a worker says lie in the room that it has for these items.
  ///
  /// - Parameter place: the body of the frame that says so.
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

  /// The frame that tells a worker of the room.
  func roomFrame() -> FrameMemory? {
    room.map { room in
      let memory = room.segment.mapping
      let location = BodyLocation(memory: room.segment.location(of: memory.base), length: memory.count)
      return FrameMemory(FrameHeader(.room)) { location.write(to: &$0) }
    }
  }
}

/// What comes from a worker, cut into frames without being copied.
struct ReceiveBuffer {
  private var memory = ReceivedMemory(capacity: 1 << 16)
  private(set) var start = 0
  private var end = 0
  /// Grows while reads fill the memory, so that a stream of large results takes few reads.
  private var capacity = 1 << 16

  /// Up to 1 GiB an announced length is believed, so that nearly every frame gets its memory once; a worker
  /// that lies costs address space and no pages.
  private static let believedLength = 1 << 30

  /// What has come and was not consumed.
  var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: memory.base + start, count: end - start)
  }

  /// The part of the memory that begins `offset` bytes after the first unconsumed one, kept alive by the
  /// result.
  func slice(offset: Int, count: Int) -> OutputSlice {
    OutputSlice(memory: memory, start: start + offset, count: count)
  }

  mutating func consume(_ count: Int) {
    start += count
  }

  /// Reads once.
  ///
  /// - Parameter frameLength: bytes of the frame that is being awaited, header included.
  mutating func read(
    from descriptor: borrowing Descriptor, frameLength: Int
  ) throws(SystemError) -> Transfer {
    if isKnownUniquelyReferenced(&memory), start == end {
      start = 0
      end = 0
    }
    let held = end - start
    // The rest of a long frame is read to where it belongs, however little room is left behind it.
    let isNearlyFull = memory.capacity - end < memory.capacity / 4 && held <= memory.capacity / 16
    let isTooSmall = memory.capacity - start < min(frameLength, Self.believedLength)
    if isTooSmall || end == memory.capacity || isNearlyFull {
      // What was handed out stays where it is; what is left moves to fresh memory. Beyond the believed length
      // memory comes as bytes do, at most twice as much as them.
      let believed = min(frameLength, max(Self.believedLength, 2 * held))
      let fresh = ReceivedMemory(capacity: max(capacity, believed))
      fresh.base.copyMemory(from: memory.base + start, byteCount: end - start)
      (start, end) = (0, end - start)
      memory = fresh
    }
    let room = UnsafeMutableRawBufferPointer(start: memory.base + end, count: memory.capacity - end)
    let transfer = try descriptor.read(into: room)
    if case .moved(let count) = transfer {
      end += count
      // Up to 1 MiB: more per read gains nothing, the largest pipe of an unprivileged process holds no more.
      capacity = count == room.count ? min(capacity * 2, 1 << 20) : max(1 << 16, capacity / 2)
    }
    return transfer
  }
}

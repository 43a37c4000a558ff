import ProcPoolProtocol
import ProcPoolSharedMemory
import ProcPoolSystem
import ProcPoolWire

/// Frames to be written, possibly more than once. The memory is shared by all of its frames.
// Safety: `@unchecked Sendable` because the memory is written before it is shared. Afterwards only
// the flags of a frame and the number of its task change, under the pool's lock and before the
// frame is sent.
final class FrameMemory: @unchecked Sendable {
  let base: UnsafeMutableRawPointer
  let count: Int
  /// The shared blocks whose handles are in the frames.
  let shared: [SharedBlock]
  /// The use of shared memory; `nil` for memory on the heap.
  private let loan: MemoryLane.Loan?

  init(_ writer: consuming WireWriter, shared: [SharedBlock] = []) {
    let (base, count, owner) = writer.release()!
    self.base = base
    self.count = count
    self.shared = shared
    // Safety: a lane is the only memory owner that writers have, so the cast cannot fail.
    loan = owner.map { unsafeDowncast($0, to: MemoryLane.Loan.self) }
  }

  deinit {
    if loan == nil { base.deallocate() }
  }

  /// The segment that contains the memory, if it is shared with workers.
  var segment: MemoryLane.Segment? { loan?.segment }

  /// Stores the call in the header of the first frame.
  func number(call: CallID) { change { $0.call = call } }

  /// Stores the number of the task in the header of a `call` frame.
  func number(task: UInt64) { change { $0.first = task } }

  private func change(_ change: (inout FrameHeader) -> Void) {
    var header = try! FrameHeader(loading: base)  // Written by this process.
    change(&header)
    header.store(to: base)
  }

  /// Creates a single frame without a body, or with a small one.
  convenience init(
    _ header: FrameHeader, shared: [SharedBlock] = [], _ body: (inout WireWriter) -> Void = { _ in }
  ) {
    var writer = WireWriter(capacity: 64)
    writer.writeFrame(header, body)
    self.init(writer, shared: shared)
  }
}

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
  var room: MemoryLane.Loan?

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
    guard let segment = memory.segment, frameCount == 1, byteCount >= MemoryLane.shortest else { return nil }
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

/// Memory with received data, which is kept alive by the results in it.
// Safety: `@unchecked Sendable` because the runtime thread writes only behind the parts that it has
// handed out.
final class ReceivedMemory: @unchecked Sendable {
  let base: UnsafeMutableRawPointer
  let capacity: Int
  /// The use of shared memory; `nil` for memory on the heap.
  private let room: MemoryLane.Loan?

  init(capacity: Int) {
    // 16, so that the frames and their bodies are aligned to 8.
    base = .allocate(byteCount: capacity, alignment: 16)
    self.capacity = capacity
    room = nil
  }

  /// Wraps what a worker has written into its room.
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

/// Data received from a worker, from which frames are taken without copying them.
struct ReceiveBuffer {
  private var memory = ReceivedMemory(capacity: 1 << 16)
  private(set) var start = 0
  private var end = 0
  /// The capacity of new memory. It grows while reads fill the memory, so that a stream of large
  /// results takes few reads.
  private var capacity = 1 << 16

  /// The maximum length that is allocated because it was announced, 1 GiB, so that almost every
  /// frame is allocated once. A false announcement costs address space but no pages.
  private static let believedLength = 1 << 30

  /// The received data that has not been consumed.
  var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: memory.base + start, count: end - start)
  }

  /// The part of the memory that begins `offset` bytes after the first unconsumed one. The result
  /// keeps it alive.
  func slice(offset: Int, count: Int) -> OutputSlice {
    OutputSlice(memory: memory, start: start + offset, count: count)
  }

  mutating func consume(_ count: Int) {
    start += count
  }

  /// Reads once.
  ///
  /// - Parameter frameLength: the length of the expected frame in bytes, including its header.
  mutating func read(
    from descriptor: borrowing Descriptor, frameLength: Int
  ) throws(SystemError) -> Transfer {
    if isKnownUniquelyReferenced(&memory), start == end {
      start = 0
      end = 0
    }
    let held = end - start
    // The rest of a long frame is read in place, however little room is left behind it.
    let isNearlyFull = memory.capacity - end < memory.capacity / 4 && held <= memory.capacity / 16
    let isTooSmall = memory.capacity - start < min(frameLength, Self.believedLength)
    if isTooSmall || end == memory.capacity || isNearlyFull {
      // Handed-out parts stay in place, and the rest moves to new memory. Beyond the believed
      // length, memory grows with the received data, to at most twice its length.
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
      // Up to 1 MiB: longer reads gain nothing, because the largest pipe of an unprivileged process
      // has this capacity.
      capacity = count == room.count ? min(capacity * 2, 1 << 20) : max(1 << 16, capacity / 2)
    }
    return transfer
  }
}

import ProcPoolSystem
import ProcPoolWire

/// The bytes that have come from the coordinator, cut into frames.
struct InputBuffer: ~Copyable {
  private var memory: UnsafeMutableRawBufferPointer
  private var start = 0
  private var end = 0

  /// One pipe's worth, so that a read takes all that is there.
  private static let smallest = 1 << 16

  init() {
    memory = .allocate(byteCount: Self.smallest, alignment: 16)
  }

  deinit {
    memory.deallocate()
  }

  /// What has come and was not consumed.
  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[start..<end]) }

  /// Forgets the first `count` bytes. What they hold stays readable until the next `read`.
  mutating func consume(_ count: Int) {
    start += count
  }

  /// Reads once, with room for a frame of `frameLength` bytes in all.
  mutating func read(
    from descriptor: borrowing Descriptor, frameLength: Int
  ) throws(SystemError) -> Transfer {
    makeRoom(for: frameLength)
    let transfer = try descriptor.read(into: .init(rebasing: memory[end...]))
    if case .moved(let count) = transfer { end += count }
    return transfer
  }

  /// Moves what is left to the front, and to larger or smaller memory if the frame wants it.
  private mutating func makeRoom(for frameLength: Int) {
    if start == end {
      start = 0
      end = 0
    }
    let wanted = max(Self.smallest, frameLength)
    // Large memory is given back when it is not wanted any more; up to 16 pipes' worth is kept, for the next
    // one.
    if wanted > memory.count
      || memory.count > 16 * Self.smallest && wanted * 4 < memory.count && end - start < wanted
    {
      let fresh = UnsafeMutableRawBufferPointer.allocate(byteCount: wanted, alignment: 16)
      fresh.copyMemory(from: bytes)
      memory.deallocate()
      memory = fresh
      (start, end) = (0, end - start)
    } else if memory.count - start < frameLength || end == memory.count {
      memory.baseAddress!.copyMemory(from: memory.baseAddress! + start, byteCount: end - start)
      (start, end) = (0, end - start)
    }
  }
}

import ProcPoolSystem
import ProcPoolWire

/// A buffer of the bytes that have arrived from the coordinator, from which frames are consumed.
struct InputBuffer: ~Copyable {
  private var memory: UnsafeMutableRawBufferPointer
  private var start = 0
  private var end = 0

  /// The capacity of a pipe, so that one read empties it.
  private static let smallest = 1 << 16

  init() {
    memory = .allocate(byteCount: Self.smallest, alignment: 16)
  }

  deinit {
    memory.deallocate()
  }

  /// The bytes that have arrived and have not been consumed.
  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[start..<end]) }

  /// Consumes the first `count` bytes. Their memory stays valid until the next `read`.
  mutating func consume(_ count: Int) {
    start += count
  }

  /// Reads once, after making room for a frame of `frameLength` bytes.
  mutating func read(
    from descriptor: borrowing Descriptor, frameLength: Int
  ) throws(SystemError) -> Transfer {
    makeRoom(for: frameLength)
    let transfer = try descriptor.read(into: .init(rebasing: memory[end...]))
    if case .moved(let count) = transfer { end += count }
    return transfer
  }

  /// Moves the remaining bytes to the front, and to larger or smaller memory as the frame requires.
  private mutating func makeRoom(for frameLength: Int) {
    if start == end {
      start = 0
      end = 0
    }
    let wanted = max(Self.smallest, frameLength)
    // Large memory is released when it is no longer needed; up to 16 times the capacity of a pipe
    // is kept.
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

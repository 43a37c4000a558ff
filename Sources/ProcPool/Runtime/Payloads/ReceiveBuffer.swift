import ProcPoolProtocol
import ProcPoolSharedMemory
import ProcPoolSystem
import ProcPoolWire

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

import ProcPoolProtocol
import ProcPoolSharedMemory
import ProcPoolSystem
import ProcPoolWire

/// Memory with received data, which is kept alive by the results in it.
// Safety: `@unchecked Sendable` because the runtime thread writes only behind the parts that it has
// handed out.
final class ReceivedMemory: @unchecked Sendable {
  let base: UnsafeMutableRawPointer
  let capacity: Int
  /// The use of shared memory; `nil` for memory on the heap.
  private let room: PayloadMemory.Loan?

  init(capacity: Int) {
    // 16, so that the frames and their bodies are aligned to 8.
    base = .allocate(byteCount: capacity, alignment: 16)
    self.capacity = capacity
    room = nil
  }

  /// Wraps what a worker has written into its room.
  init(_ room: PayloadMemory.Loan) {
    base = room.segment.mapping.base
    capacity = room.segment.mapping.count
    self.room = room
  }

  deinit {
    if room == nil { base.deallocate() }
  }
}

import ProcPoolSystem
import Synchronization

/// Regions that are divided into slots for small blocks, so that ten thousand blocks need only a
/// few descriptors and mappings.
final class Slabs: Sendable {
  static let shared = Slabs()

  /// The slabs by the size of their slots.
  private let slabs = Mutex<[Int: [Slab]]>([:])

  /// The size in bytes of the first slab for a slot size, and of the largest. Each slab is four
  /// times as long as the one before, so that one counter uses little memory and ten thousand use
  /// few files.
  private static let smallest = 1 << 16
  static let largest = 1 << 22

  /// Returns a free slot for a block of `size` bytes.
  func slot(size: Int) throws(SharedMemoryError) -> SlabSlot {
    let slotSize = max(128, 1 << (Int.bitWidth - (size - 1).leadingZeroBitCount))
    return try slabs.withLock { (slabs) throws(SharedMemoryError) in
      for slab in (slabs[slotSize] ?? []).reversed() {
        if let slot = slab.take() { return slot }
      }
      let last = slabs[slotSize]?.last?.region.identity.size ?? Self.smallest / 4
      // The file-size limit of this process may be lower.
      let most = min(Self.largest, FileSizeLimit.current ?? .max)
      let region = try SharedRegion.make(count: max(slotSize, min(most, 4 * last)))
      let slab = Slab(region: region, slotSize: slotSize)
      slabs[slotSize, default: []].append(slab)
      return slab.take()!
    }
  }

  /// Releases a slab that has become empty.
  fileprivate func release(_ slab: Slab) {
    slabs.withLock { slabs in
      guard let all = slabs[slab.slotSize], slab.isEmpty else { return }
      slabs[slab.slotSize] = all.filter { $0 !== slab }
    }
  }
}

/// A region of slots of one size.
final class Slab: Sendable {
  let region: SharedRegion
  let slotSize: Int

  private struct State {
    var free: [Int]
    /// Slots that this process has freed and other processes may still use.
    var waiting: [Int] = []
    var taken = 0
  }

  private let state: Mutex<State>

  init(region: SharedRegion, slotSize: Int) {
    self.region = region
    self.slotSize = slotSize
    // `take` removes from the end, so the lowest offset is used first.
    let offsets = stride(from: 0, through: region.identity.size - slotSize, by: slotSize).reversed()
    state = Mutex(State(free: Array(offsets)))
  }

  func take() -> SlabSlot? {
    state.withLock { state in
      if state.free.isEmpty, !state.waiting.isEmpty {
        // Each slot is checked once: one that is released in between must end up in exactly one
        // list.
        let isUsed = state.waiting.map { SharedBlock.isUsed(at: region.mapping.base + $0) }
        let all = zip(state.waiting, isUsed)
        state.free = all.filter { !$0.1 }.map(\.0)
        state.waiting = all.filter { $0.1 }.map(\.0)
      }
      guard let offset = state.free.popLast() else { return nil }
      state.taken += 1
      return SlabSlot(slab: self, offset: offset)
    }
  }

  fileprivate func giveBack(_ offset: Int) {
    let isEmpty = state.withLock { state in
      state.taken -= 1
      if SharedBlock.isUsed(at: region.mapping.base + offset) {
        state.waiting.append(offset)
      } else {
        state.free.append(offset)
      }
      return state.taken == 0
    }
    if isEmpty { Slabs.shared.release(self) }
  }

  /// Whether the slab holds no block of this process. Other processes have mappings of their own.
  fileprivate var isEmpty: Bool { state.withLock { $0.taken == 0 } }
}

/// A slot for one block.
struct SlabSlot {
  let slab: Slab
  let offset: Int

  func giveBack() { slab.giveBack(offset) }
}

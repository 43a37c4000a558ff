import ProcPoolSystem
import Synchronization

/// Regions that small blocks are cut from, so that ten thousand of them cost a few descriptors and mappings.
final class Slabs: Sendable {
  static let shared = Slabs()

  /// By the size of their slots.
  private let slabs = Mutex<[Int: [Slab]]>([:])

  /// Bytes of the first slab of a size, and of the largest: each is four times as long as the one
  /// before, so that one counter costs little and ten thousand do not cost many files.
  private static let smallest = 1 << 16
  static let largest = 1 << 22

  /// A free place for a block of `size` bytes.
  func slot(size: Int) throws(SharedMemoryError) -> SlabSlot {
    let slotSize = max(128, 1 << (Int.bitWidth - (size - 1).leadingZeroBitCount))
    return try slabs.withLock { (slabs) throws(SharedMemoryError) in
      for slab in (slabs[slotSize] ?? []).reversed() {
        if let slot = slab.take() { return slot }
      }
      let last = slabs[slotSize]?.last?.region.identity.size ?? Self.smallest / 4
      // As large a file as this process may make, if that is less.
      let most = min(Self.largest, FileSizeLimit.current ?? .max)
      let region = try SharedRegion.make(count: max(slotSize, min(most, 4 * last)))
      let slab = Slab(region: region, slotSize: slotSize)
      slabs[slotSize, default: []].append(slab)
      return slab.take()!
    }
  }

  /// Lets go of a slab that has become empty.
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
    /// Freed here, while other processes may still use them.
    var waiting: [Int] = []
    var taken = 0
  }

  private let state: Mutex<State>

  init(region: SharedRegion, slotSize: Int) {
    self.region = region
    self.slotSize = slotSize
    // The lowest first.
    let offsets = stride(from: 0, through: region.identity.size - slotSize, by: slotSize).reversed()
    state = Mutex(State(free: Array(offsets)))
  }

  func take() -> SlabSlot? {
    state.withLock { state in
      if state.free.isEmpty, !state.waiting.isEmpty {
        // Looked at once each: a place that somebody lets go of meanwhile must not fall between the two.
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

  /// No block lies in it. Those that others still use keep their own mapping of it.
  fileprivate var isEmpty: Bool { state.withLock { $0.taken == 0 } }
}

/// A place for one block.
struct SlabSlot {
  let slab: Slab
  let offset: Int

  func giveBack() { slab.giveBack(offset) }
}

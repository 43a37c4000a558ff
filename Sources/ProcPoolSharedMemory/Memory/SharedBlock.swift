import ProcPoolSystem
import Synchronization

/// Memory with a header in a region, which holds one shared value.
@usableFromInline
package final class SharedBlock: @unchecked Sendable {
  // Safety: the block only provides an address; the type of the value in it synchronises access.

  let region: SharedRegion
  /// The offset of the header in the region.
  let offset: Int
  let kind: BlockKind
  let byteCount: Int
  let stride: UInt32
  package let nonce: UInt64

  /// The first of ``byteCount`` bytes, aligned to 64.
  package let base: UnsafeMutableRawPointer

  private let ending: Ending

  /// The treatment of the memory when this process releases the block.
  enum Ending {
    /// The region is released with its descriptor, which invalidates all handles.
    case region
    /// The slot in its slab is freed.
    case slot(SlabSlot)
    /// The block is no longer counted as mapped: another process created it.
    case attached
    /// The memory is a named file, which remains.
    case named
  }

  private var header: BlockHeader { BlockHeader(at: region.mapping.base + offset) }

  /// The shape of a block: its kind, the bytes after its header, and the bytes of an element.
  private typealias Shape = (kind: BlockKind, byteCount: Int, stride: UInt32)

  private init(in region: SharedRegion, at offset: Int, _ shape: Shape, nonce: UInt64, ending: Ending) {
    self.region = region
    self.offset = offset
    (kind, byteCount, stride) = shape
    self.nonce = nonce
    self.ending = ending
    base = region.mapping.base + offset + BlockHeader.size
  }

  deinit {
    let watchers = BlockRegistry.shared.forget(nonce, ObjectIdentifier(self))
    defer { for watcher in watchers { watcher(nonce) } }
    switch ending {
    case .region, .named: break
    case .slot(let slot):
      // Processes that have mapped the block may still pass on its handle.
      if !header.hasUsers { header.free() }
      slot.giveBack()
    case .attached: header.removeUser()
    }
  }

  /// Has a function called when this process has released the block, on whichever thread that happens.
  ///
  /// - Parameter owner: at most one function of each owner is called.
  package func whenReleased(
    for owner: ObjectIdentifier, _ watcher: @escaping @Sendable (_ nonce: UInt64) -> Void
  ) {
    BlockRegistry.shared.watch(nonce, for: owner, watcher)
  }

  /// Whether other processes may still use the memory.
  static func isUsed(at header: UnsafeMutableRawPointer) -> Bool { BlockHeader(at: header).hasUsers }

  /// The maximum size in bytes, with the header, of blocks that are allocated in slabs.
  static let largestSlot = 1 << 15

  /// Creates a block, whose bytes are zero.
  package static func make(
    kind: BlockKind, byteCount: Int, stride: Int
  ) throws(SharedMemoryError) -> SharedBlock {
    let (size, overflow) = byteCount.addingReportingOverflow(BlockHeader.size)
    guard !overflow, byteCount >= 0 else {
      throw .insufficient(asked: .max, available: MemoryAllowance.available(), place: "the machine")
    }
    guard size <= largestSlot else {
      return write(
        in: try SharedRegion.make(count: size), kind: kind, byteCount: byteCount, stride: stride,
        ending: .region)
    }
    let slot = try Slabs.shared.slot(size: size)
    let block = write(
      in: slot.slab.region, at: slot.offset, kind: kind, byteCount: byteCount, stride: stride,
      ending: .slot(slot))
    // The slot may contain the bytes of an earlier block. No process has a handle of this one yet.
    block.base.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    return block
  }

  /// Initialises memory in a region as a block, with a header and a nonce of its own.
  static func write(
    in region: SharedRegion, at offset: Int = 0, kind: BlockKind, byteCount: Int, stride: Int,
    ending: Ending
  ) -> SharedBlock {
    let block = SharedBlock(
      in: region, at: offset, (kind, byteCount, UInt32(stride)), nonce: .random(in: 1 ... .max),
      ending: ending)
    block.header.write(kind: kind, byteCount: byteCount, stride: stride, nonce: block.nonce)
    BlockRegistry.shared.add(block)
    return block
  }

  /// Returns the array in a region that was opened by its name, after checking its header.
  static func adopt(_ region: SharedRegion, named name: String) throws(SharedMemoryError) -> SharedBlock {
    let header = BlockHeader(at: region.mapping.base)
    guard header.isOurs, header.kind == .array, header.nonce != 0 else {
      throw .unusableName(name, reason: "it has no header of a shared array")
    }
    guard header.byteCount == region.identity.size - BlockHeader.size else {
      throw .unusableName(
        name,
        reason:
          "its header says \(header.byteCount) bytes, and it has \(region.identity.size - BlockHeader.size)")
    }
    if let known = BlockRegistry.shared.block(header.nonce), known.region.identity == region.identity {
      return known
    }
    let block = SharedBlock(
      in: region, at: 0, (.array, region.identity.size - BlockHeader.size, header.stride),
      nonce: header.nonce, ending: .named)
    BlockRegistry.shared.add(block)
    return block
  }

  /// Returns the block in a region if it matches a handle.
  static func attach(_ handle: SharedHandle, in region: SharedRegion) throws(SharedMemoryError) -> SharedBlock
  {
    let header = BlockHeader(at: region.mapping.base + handle.offset)
    // Counted before the nonce is checked: the memory cannot be reused for another block after
    // that.
    header.addUser()
    guard header.isOurs, header.nonce == handle.nonce else {
      header.removeUser()
      throw .gone("its array was dropped")
    }
    guard header.byteCount == handle.byteCount, header.kind == handle.kind, header.stride == handle.stride
    else {
      header.removeUser()
      throw .mismatched("kind, size or stride is another")
    }
    return SharedBlock(
      in: region, at: handle.offset, (handle.kind, handle.byteCount, handle.stride), nonce: handle.nonce,
      ending: .attached)
  }
}

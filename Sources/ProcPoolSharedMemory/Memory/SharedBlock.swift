import ProcPoolSystem
import Synchronization

/// Memory with a header, in one region: what every shared value lies in.
///
/// - Because `@unchecked Sendable`: it hands out an address; who writes what there is settled by the values
///   that lie in it.
@usableFromInline
package final class SharedBlock: @unchecked Sendable {
  let region: SharedRegion
  /// Where the header lies in the region.
  let offset: Int
  let kind: BlockKind
  let byteCount: Int
  let stride: UInt32
  let nonce: UInt64

  /// The first of ``byteCount`` bytes, aligned to 64.
  package let base: UnsafeMutableRawPointer

  private let ending: Ending

  /// What becomes of the memory when nobody in this process has the block any more.
  enum Ending {
    /// The whole region goes with it, and with its descriptor all handles.
    case region
    /// The place in its slab is free.
    case slot(SlabSlot)
    /// Another process made it.
    case attached
    /// A file with a name, which stays.
    case named
  }

  private var header: BlockHeader { BlockHeader(at: region.mapping.base + offset) }

  init(
    region: SharedRegion, offset: Int, kind: BlockKind, byteCount: Int, stride: UInt32, nonce: UInt64,
    ending: Ending
  ) {
    self.region = region
    self.offset = offset
    self.kind = kind
    self.byteCount = byteCount
    self.stride = stride
    self.nonce = nonce
    self.ending = ending
    base = region.mapping.base + offset + BlockHeader.size
  }

  deinit {
    BlockRegistry.shared.forget(nonce, ObjectIdentifier(self))
    switch ending {
    case .region, .named: break
    case .slot(let slot):
      // Whoever has it may still hand it on.
      if !header.hasUsers { header.free() }
      slot.giveBack()
    case .attached: header.removeUser()
    }
  }

  /// Whether processes besides this one may still use the memory.
  static func isUsed(at header: UnsafeMutableRawPointer) -> Bool { BlockHeader(at: header).hasUsers }

  /// Blocks up to this, with their header, are cut from slabs.
  static let largestSlot = 1 << 15

  /// Makes a block of this process's own. Its bytes are zero.
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
    // Nobody has its handle yet; what was there before may be anything.
    block.base.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    return block
  }

  /// Makes memory in a region a block, with a header and a number of its own.
  static func write(
    in region: SharedRegion, at offset: Int = 0, kind: BlockKind, byteCount: Int, stride: Int,
    ending: Ending
  ) -> SharedBlock {
    let block = SharedBlock(
      region: region, offset: offset, kind: kind, byteCount: byteCount, stride: UInt32(stride),
      nonce: .random(in: 1 ... .max), ending: ending)
    block.header.write(kind: kind, byteCount: byteCount, stride: stride, nonce: block.nonce)
    BlockRegistry.shared.add(block)
    return block
  }

  /// The array in a region that was opened by its name, if it is one.
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
      region: region, offset: 0, kind: .array, byteCount: region.identity.size - BlockHeader.size,
      stride: header.stride, nonce: header.nonce, ending: .named)
    BlockRegistry.shared.add(block)
    return block
  }

  /// The block in a region, if it is what the handle says.
  static func attach(_ handle: SharedHandle, in region: SharedRegion) throws(SharedMemoryError) -> SharedBlock
  {
    let header = BlockHeader(at: region.mapping.base + handle.offset)
    // Before the nonce is looked at: its memory cannot become another block's after that.
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
      region: region, offset: handle.offset, kind: handle.kind, byteCount: handle.byteCount,
      stride: handle.stride,
      nonce: handle.nonce, ending: .attached)
  }
}

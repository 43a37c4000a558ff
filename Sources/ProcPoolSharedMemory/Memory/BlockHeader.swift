import Synchronization

/// The header of a block: the 64 bytes before a shared value.
///
/// | offset | bytes | what |
/// |---|---|---|
/// | 0 | 8 | `PPSHARED` |
/// | 8 | 4 | version, 1 |
/// | 12 | 4 | bytes of this header, 64 |
/// | 16 | 8 | bytes that follow |
/// | 24 | 4 | bytes from one element to the next; 0 without elements |
/// | 28 | 4 | kind: 1 array, 2 locked array, 3 locked value, 4 counter |
/// | 32 | 8 | nonce: a random number that handles must match; 0 if the block is free |
/// | 40 | 4 | number of processes that have mapped the block, without its creator |
/// | 44 | 20 | zero |
///
/// Numbers are little-endian. The value that follows is aligned to 64 bytes.
package struct BlockHeader {
  static let size = 64
  static let version: UInt32 = 1
  static let magic = UInt64(littleEndian: 0x4445_5241_4853_5050)

  private let base: UnsafeMutableRawPointer

  init(at base: UnsafeMutableRawPointer) { self.base = base }

  /// Initialises memory as a block.
  func write(kind: BlockKind, byteCount: Int, stride: Int, nonce: UInt64) {
    base.initializeMemory(as: UInt8.self, repeating: 0, count: Self.size)
    base.storeBytes(of: Self.magic, as: UInt64.self)
    base.storeBytes(of: Self.version, toByteOffset: 8, as: UInt32.self)
    base.storeBytes(of: UInt32(Self.size), toByteOffset: 12, as: UInt32.self)
    base.storeBytes(of: UInt64(byteCount), toByteOffset: 16, as: UInt64.self)
    base.storeBytes(of: UInt32(stride), toByteOffset: 24, as: UInt32.self)
    base.storeBytes(of: kind.rawValue, toByteOffset: 28, as: UInt32.self)
    (base + 40).bindMemory(to: Atomic<UInt32>.self, capacity: 1).initialize(to: Atomic(0))
    (base + 32).bindMemory(to: Atomic<UInt64>.self, capacity: 1).initialize(to: Atomic(0))
    nonceWord.pointee.store(nonce, ordering: .releasing)
  }

  private var nonceWord: UnsafeMutablePointer<Atomic<UInt64>> {
    (base + 32).assumingMemoryBound(to: Atomic<UInt64>.self)
  }

  private var usersWord: UnsafeMutablePointer<Atomic<UInt32>> {
    (base + 40).assumingMemoryBound(to: Atomic<UInt32>.self)
  }

  var isOurs: Bool {
    base.load(as: UInt64.self) == Self.magic && base.load(fromByteOffset: 8, as: UInt32.self) == Self.version
  }
  /// The number of bytes that follow; -1 if it exceeds an `Int`, since any process may have written
  /// it.
  var byteCount: Int { Int(exactly: base.load(fromByteOffset: 16, as: UInt64.self)) ?? -1 }
  var stride: UInt32 { base.load(fromByteOffset: 24, as: UInt32.self) }
  var kind: BlockKind { BlockKind(rawValue: base.load(fromByteOffset: 28, as: UInt32.self)) }
  var nonce: UInt64 { nonceWord.pointee.load(ordering: .acquiring) }

  /// Marks the block as free, which invalidates its handles.
  func free() { nonceWord.pointee.store(0, ordering: .releasing) }

  /// Counts another process that has mapped the block, whose memory is not reused until the process
  /// has released it.
  func addUser() { usersWord.pointee.add(1, ordering: .acquiringAndReleasing) }
  func removeUser() { usersWord.pointee.subtract(1, ordering: .acquiringAndReleasing) }

  /// Whether processes other than the creator have mapped the block. A process that was killed
  /// counts forever.
  var hasUsers: Bool { usersWord.pointee.load(ordering: .acquiring) != 0 }
}

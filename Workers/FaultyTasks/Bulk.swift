import Glibc
import ProcPool

/// Bytes in bulk, of which those at each page's beginning say where they are.
package enum Bulk {
  private static let stride = 4096

  package static func bytes(_ count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { memory, filled in
      memset(memory.baseAddress!, 0, count)
      for offset in Swift.stride(from: 0, to: count, by: stride) { memory[offset] = mark(offset) }
      memory[count - 1] = mark(count)
      filled = count
    }
  }

  /// Whether the bytes are those of ``bytes(_:)``.
  package static func isSound(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBufferPointer { memory in
      let count = memory.count
      return memory[count - 1] == mark(count)
        && Swift.stride(from: 0, to: count - 1, by: stride).allSatisfy { memory[$0] == mark($0) }
    }
  }

  private static func mark(_ offset: Int) -> UInt8 {
    UInt8(truncatingIfNeeded: (offset &* 0x9E37_79B9) >> 13) | 1
  }
}

/// Says how many bytes it was given, or -1 if they are not ``Bulk``'s.
package struct CountBulk: PoolTask {
  package init() {}
  package func run(_ input: [UInt8]) -> Int { Bulk.isSound(input) ? input.count : -1 }
}

/// Makes so many bytes.
package struct MakeBulk: PoolTask {
  package init() {}
  package func run(_ count: Int) -> [UInt8] { Bulk.bytes(count) }
}

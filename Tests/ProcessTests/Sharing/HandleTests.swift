import Testing

@testable import ProcPoolSharedMemory

extension Processes.Sharing {
  @Suite struct Handles {
    /// Encodes as a pool does, and hands the words to be changed.
    private func decoded(_ array: SharedArray<Int>, changing change: (inout [UInt64]) -> Void) throws
      -> SharedBlock
    {
      var words = SharedHandle(array.block).words
      change(&words)
      let handle = try SharedHandle(words: words)
      return try BlockRegistry.shared.block(for: handle) { () throws(SharedMemoryError) in try .attach(handle)
      }
    }

    @Test func whatIsForgedIsRefused() throws {
      let small = try SharedArray(repeating: 1, count: 10)
      let large = try SharedArray(repeating: 1, count: 100_000)
      for array in [small, large] {
        #expect(try decoded(array) { _ in } === array.block)
        let changes: [(inout [UInt64]) -> Void] = [
          { $0[0] = 0 }, { $0[0] |= 1 << 63 }, { $0[3] = .max }, { $0[3] = 0 }, { $0[4] = .max },
          { $0[4] += 1 },
          { $0[4] = $0[3] }, { $0[5] = .max }, { $0[5] = 1 << 40 }, { $0[5] += 8 }, { $0[6] = 0 },
          { $0[6] ^= 1 },
          { $0[7] ^= 1 }, { $0[7] ^= 1 << 32 }, { $0.removeLast() }, { $0.append(0) }, { $0 = [] },
          {
            $0[6] ^= 1; $0[1] ^= 1
          },
          // A file of another process, which is another user's unless this runs as root.
          {
            $0[6] ^= 1; $0[0] = 1
          },
          {
            $0[6] ^= 1; $0[8] ^= 1
          },
          {
            $0[6] ^= 1; $0[2] ^= 1
          },
          {
            $0[6] ^= 1; $0[0] += 1 << 40
          },
          {
            $0[6] ^= 1; $0[0] = $0[0] & ~0xFFFF_FFFF | 0x7FFF_FFFF
          },
        ]
        for (index, change) in changes.enumerated() {
          #expect(throws: SharedMemoryError.self, "change \(index)") { try decoded(array, changing: change) }
        }
        #expect(Array(array).allSatisfy { $0 == 1 })
      }
    }

    @Test func theHandleOfADroppedArrayLeadsNowhere() throws {
      for count in [10, 100_000] {
        var array: SharedArray<Int>? = try SharedArray(repeating: 1, count: count)
        let handle = SharedHandle(array!.block)
        array = nil
        // Its place may be another's by now.
        let next = try SharedArray(repeating: 2, count: count)
        #expect(throws: SharedMemoryError.self) {
          try BlockRegistry.shared.block(for: handle) { () throws(SharedMemoryError) in try .attach(handle) }
        }
        #expect(next[0] == 2)
      }
    }
  }
}

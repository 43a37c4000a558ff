import Synchronization

// Results that are committed but not written yet.

extension StatusPage {
  package var buffer: UnsafeMutableRawPointer { base + PageLayout.buffer }

  /// Counts a frame that lends shared memory for results that follow.
  package func noteLoan() {
    // Only the worker writes this word.
    let word = self[PageLayout.loans]
    word.pointee.store(word.pointee.load(ordering: .relaxed) &+ 1, ordering: .releasing)
  }

  /// The number of such frames written so far, including those of all committed results.
  package var loans: UInt64 { self[PageLayout.loans].pointee.load(ordering: .acquiring) }

  package func noteBufferStart(_ position: UInt64) {
    self[PageLayout.bufferStart].pointee.store(position, ordering: .releasing)
  }

  /// Copies the results buffer of a worker that may be running or dead.
  ///
  /// - Parameter destination: at least ``bufferCapacity`` bytes.
  /// - Returns: the position of the first result in the buffer and the number of committed results;
  ///   `nil` if the worker emptied the buffer in the meantime.
  package func copyResults(
    to destination: UnsafeMutableRawPointer
  ) -> (first: UInt64, count: UInt64)? {
    let start = self[PageLayout.bufferStart]
    let first = start.pointee.load(ordering: .acquiring)
    let committed = progress.position
    guard committed > first else { return nil }
    destination.copyMemory(from: buffer, byteCount: Self.bufferCapacity)
    // Orders the copy before the second load, as in a sequence lock.
    atomicMemoryFence(ordering: .acquiring)
    guard start.pointee.load(ordering: .relaxed) == first else { return nil }
    return (first, committed - first)
  }
}

import Synchronization

// Results that are committed and not written yet.

extension StatusPage {
  package var buffer: UnsafeMutableRawPointer { base + PageLayout.buffer }

  /// Counts a frame that was written and lends shared memory to results that follow.
  package func noteLoan() {
    // Only the worker writes this word.
    let word = self[PageLayout.loans]
    word.pointee.store(word.pointee.load(ordering: .relaxed) &+ 1, ordering: .releasing)
  }

  /// The number of such frames that are, or have been, in the pipe: at least those of all committed results.
  package var loans: UInt64 { self[PageLayout.loans].pointee.load(ordering: .acquiring) }

  package func noteBufferStart(_ position: UInt64) {
    self[PageLayout.bufferStart].pointee.store(position, ordering: .releasing)
  }

  /// Copies the results buffer as it is, from a worker that may be running or dead.
  ///
  /// - Parameter destination: at least ``bufferCapacity`` bytes.
  /// - Returns: the position of the first result in it and how many are committed, or `nil` if the worker
  ///   emptied the buffer meanwhile.
  package func copyResults(
    to destination: UnsafeMutableRawPointer
  ) -> (first: UInt64, count: UInt64)? {
    let start = self[PageLayout.bufferStart]
    let first = start.pointee.load(ordering: .acquiring)
    let committed = progress.position
    guard committed > first else { return nil }
    destination.copyMemory(from: buffer, byteCount: Self.bufferCapacity)
    // Keeps the copy before the second load, as in any sequence lock.
    atomicMemoryFence(ordering: .acquiring)
    guard start.pointee.load(ordering: .relaxed) == first else { return nil }
    return (first, committed - first)
  }
}

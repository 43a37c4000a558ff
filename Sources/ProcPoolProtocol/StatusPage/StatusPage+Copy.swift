import ProcPoolSystem

extension StatusPage {
  /// Bytes of a page that ``snapshot(now:)`` and ``itemsOfAll`` read: all that comes before the futex.
  private static let observedSize = 1024

  /// Makes a private page a copy of one in a file of another process, as far as observers read it.
  ///
  /// Copied rather than mapped, because any process may give a file the name of a pool's file, and truncate it while it
  /// is read. A copy that is made during a write may hold half of a change; values without a meaning are ignored.
  ///
  /// - Parameter place: the index of the page in the file.
  /// - Returns: `false` if the file ends before the page.
  package func copy(place: Int, of file: borrowing Descriptor) -> Bool {
    let part = UnsafeMutableRawBufferPointer(rebasing: memory[..<Self.observedSize])
    let clockOffset = PageLayout.clock.offset
    let clock = UnsafeMutableRawBufferPointer(rebasing: memory[clockOffset..<clockOffset + 8])
    let start = place * Self.size
    // A worker that changes its activity meanwhile would have that time counted twice, or not at all: the clock's first
    // word, before and after, says whether it has. After eight attempts the page is taken as it is.
    for _ in 0..<8 {
      guard file.read(into: clock, at: start + clockOffset) == clock.count else { return false }
      let before = clock.load(as: UInt64.self)
      guard file.read(into: part, at: start) == part.count else { return false }
      let copied = clock.load(as: UInt64.self)
      guard copied == before else { continue }
      guard file.read(into: clock, at: start + clockOffset) == clock.count else { return false }
      if clock.load(as: UInt64.self) == before { break }
      clock.storeBytes(of: copied, as: UInt64.self)
    }
    return true
  }
}

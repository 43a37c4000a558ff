import ProcPoolSystem

extension StatusPage {
  /// The number of bytes of a page that ``snapshot(now:)`` and ``itemsOfAll`` read: everything
  /// before the futex.
  private static let observedSize = 1024

  /// Fills a private page with the observable state of a page in a file of another process.
  ///
  /// The file is read rather than mapped, because any process can create a file with the name that
  /// pools use, and truncate it while it is mapped. A copy may contain half of a change;
  /// implausible values are ignored.
  ///
  /// - Parameter place: the index of the page in the file.
  /// - Returns: `false` if the file ends before the page.
  package func copy(place: Int, of file: borrowing Descriptor) -> Bool {
    let part = UnsafeMutableRawBufferPointer(rebasing: memory[..<Self.observedSize])
    let clockOffset = PageLayout.clock.offset
    let clock = UnsafeMutableRawBufferPointer(rebasing: memory[clockOffset..<clockOffset + 8])
    let start = place * Self.size
    // Repeated if the worker changes its activity in between, because that time would be counted
    // twice or not at all. The first word of the clock, read before and after, detects a change.
    // After eight attempts the page is taken as it is.
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

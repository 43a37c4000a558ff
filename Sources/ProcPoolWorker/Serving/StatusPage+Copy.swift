import ProcPoolSystem

extension StatusPage {
  /// How much of a page ``look(now:)`` and ``itemsOfAll`` look at: all before the results buffer, in whole.
  private static let sightSize = 1024

  /// Makes a private page a copy of one in a file of another process's, as far as it can be looked at.
  ///
  /// Not mapped, because any process may call a file what a pool calls its own, and cut it off while it is looked at. What
  /// is copied while it is written to may be half of a change; but nothing on such a page is believed that makes no sense.
  ///
  /// - Parameter place: which of the pages in the file it is.
  /// - Returns: `false` if the file ends before it.
  package func copy(place: Int, of file: borrowing Descriptor) -> Bool {
    let part = UnsafeMutableRawBufferPointer(rebasing: memory[..<Self.sightSize])
    let clock = UnsafeMutableRawBufferPointer(rebasing: memory[256..<264])
    let start = place * Self.size
    // A worker that changes its activity meanwhile would have that time counted twice, or not at all: the clock's first
    // word, before and after, says whether it has. One that changes it all the time is copied as it is.
    for _ in 0..<8 {
      guard file.read(into: clock, at: start + 256) == clock.count else { return false }
      let before = clock.load(as: UInt64.self)
      guard file.read(into: part, at: start) == part.count else { return false }
      let copied = clock.load(as: UInt64.self)
      guard copied == before else { continue }
      guard file.read(into: clock, at: start + 256) == clock.count else { return false }
      if clock.load(as: UInt64.self) == before { break }
      clock.storeBytes(of: copied, as: UInt64.self)
    }
    return true
  }
}

/// The flags in the header of a chunk.
package struct ChunkFlags: Equatable, Sendable {
  /// Whether the worker sends the results as soon as the chunk is done, even if more chunks are
  /// waiting. Set if the items are so long that the cost of a write is negligible.
  package var flushes: Bool
  /// Whether this is the last chunk of a call that began right after another call. A further call
  /// is then likely to follow as soon, and worth polling for.
  package var awaitsCall: Bool
  /// Whether the worker polls for the next frame before it sleeps, since there is a processor for
  /// each worker that is busy.
  package var polls: Bool
  /// The number of items that the worker may claim at a time, as a power of two. A claim costs an
  /// atomic operation, and claimed items cannot be taken back.
  package var claimExponent: UInt8

  private static let flushesBit: UInt8 = 1
  private static let awaitsCallBit: UInt8 = 2
  private static let pollsBit: UInt8 = 4
  private static let claimShift: UInt8 = 4

  package init(flushes: Bool, claimExponent: UInt8, awaitsCall: Bool = false, polls: Bool = false) {
    self.flushes = flushes
    self.awaitsCall = awaitsCall
    self.polls = polls
    self.claimExponent = min(claimExponent, 15)
  }

  package init(rawValue: UInt8) {
    self.init(
      flushes: rawValue & Self.flushesBit != 0, claimExponent: rawValue >> Self.claimShift,
      awaitsCall: rawValue & Self.awaitsCallBit != 0, polls: rawValue & Self.pollsBit != 0)
  }

  package var rawValue: UInt8 {
    (flushes ? Self.flushesBit : 0) | (awaitsCall ? Self.awaitsCallBit : 0) | (polls ? Self.pollsBit : 0)
      | claimExponent << Self.claimShift
  }
}

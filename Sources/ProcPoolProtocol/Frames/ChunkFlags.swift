/// The flags of a chunk's frame.
package struct ChunkFlags: Equatable, Sendable {
  /// Send the results when the chunk is done, even if there is more to run: its items are long enough that a
  /// write costs nothing beside them.
  package var flushes: Bool
  /// The last chunk of a call that began right after another call: a further call is likely to follow as soon, and is
  /// worth polling for.
  package var awaitsCall: Bool
  /// How many items the worker may claim at a time, as a power of two: a claim costs an atomic operation, and items
  /// that are claimed cannot be taken back.
  package var claimExponent: UInt8

  private static let flushesBit: UInt8 = 1
  private static let awaitsCallBit: UInt8 = 2
  private static let claimShift: UInt8 = 4

  package init(flushes: Bool, claimExponent: UInt8, awaitsCall: Bool = false) {
    self.flushes = flushes
    self.awaitsCall = awaitsCall
    self.claimExponent = min(claimExponent, 15)
  }

  package init(rawValue: UInt8) {
    self.init(
      flushes: rawValue & Self.flushesBit != 0, claimExponent: rawValue >> Self.claimShift,
      awaitsCall: rawValue & Self.awaitsCallBit != 0)
  }

  package var rawValue: UInt8 {
    (flushes ? Self.flushesBit : 0) | (awaitsCall ? Self.awaitsCallBit : 0) | claimExponent << Self.claimShift
  }
}

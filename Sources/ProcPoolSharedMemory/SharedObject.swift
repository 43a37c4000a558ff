import ProcPoolWire

/// A value in shared memory, which travels as a handle.
///
/// What a new shared type needs: a kind of its own, the block that it lies in, and a check that a block is one of its
/// own. Encoding writes the block's handle and decoding maps the block, in one form whichever of `Codable`'s ways
/// reads or writes it. Both work only in a pool, which keeps the memory until the handle has arrived, and throw
/// ``SharedMemoryError/outsidePool`` elsewhere.
package protocol SharedObject: Codable, WireCodable, Sendable {
  /// What the header of the block says that it holds.
  static var kind: BlockKind { get }

  /// The memory that the value lies in.
  var block: SharedBlock { get }

  /// The value in a block of its kind, which another process has written.
  ///
  /// - Throws: ``SharedMemoryError/mismatched(_:)`` if size or stride do not fit.
  init(checking block: SharedBlock) throws(SharedMemoryError)
}

extension SharedObject {
  public func encode(to encoder: any Encoder) throws {
    try SharedScope.encode(block, to: encoder)
  }

  public init(from decoder: any Decoder) throws {
    try self.init(checking: SharedScope.decode(Self.kind, from: decoder))
  }

  public func encode(into writer: inout WireWriter) throws {
    try SharedScope.encode(block, into: &writer)
  }

  public static func decode(from reader: inout WireReader) throws -> Self {
    try Self(checking: SharedScope.decode(kind, from: &reader))
  }
}

import ProcPoolWire

/// A value in shared memory, which is encoded as a handle.
///
/// A new shared type needs a kind of its own, the block that holds its value, and a check that a
/// block of another process is valid. Encoding writes the handle of the block, and decoding maps
/// the block; the form is the same for `Codable` and `WireCodable`. Both require a pool, which
/// keeps the memory until the handle has arrived, and throw ``SharedMemoryError/outsidePool``
/// elsewhere.
package protocol SharedObject: Codable, WireCodable, Sendable {
  /// The kind that the header of the block has.
  static var kind: BlockKind { get }

  /// The memory that holds the value.
  var block: SharedBlock { get }

  /// Creates the value from a block of its kind that another process has written.
  ///
  /// - Throws: ``SharedMemoryError/mismatched(_:)`` if the size or the stride is wrong.
  init(checking block: SharedBlock) throws(SharedMemoryError)
}

extension SharedObject {
  /// Encodes a handle of the value, rather than its content.
  ///
  /// - Throws: ``SharedMemoryError/outsidePool`` outside a pool.
  /// - Complexity: O(1).
  public func encode(to encoder: any Encoder) throws {
    try SharedScope.encode(block, to: encoder)
  }

  /// Decodes a handle, and maps the memory that it names unless this process has mapped it already.
  ///
  /// - Throws: ``SharedMemoryError`` if the memory is gone, access is denied, or the memory does
  ///   not match the handle; ``SharedMemoryError/outsidePool`` outside a pool.
  public init(from decoder: any Decoder) throws {
    try self.init(checking: SharedScope.decode(Self.kind, from: decoder))
  }

  /// Writes a handle of the value, rather than its content.
  ///
  /// - Throws: ``SharedMemoryError/outsidePool`` outside a pool.
  /// - Complexity: O(1).
  public func encode(into writer: inout WireWriter) throws {
    try SharedScope.encode(block, into: &writer)
  }

  /// Reads a handle, and maps the memory that it names unless this process has mapped it already.
  ///
  /// - Throws: ``SharedMemoryError`` if the memory is gone, access is denied, or the memory does
  ///   not match the handle; ``SharedMemoryError/outsidePool`` outside a pool.
  public static func decode(from reader: inout WireReader) throws -> Self {
    try Self(checking: SharedScope.decode(kind, from: &reader))
  }
}

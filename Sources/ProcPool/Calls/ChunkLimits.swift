/// The limits on the size of chunks.
struct ChunkLimits {
  /// The number of items in a chunk.
  var items: Int
  /// Whether the pool chose this number, so that a chunk may also end at a number of bytes.
  var isAutomatic: Bool
  /// The maximum length of a frame's body in bytes.
  var maximumBody: Int
}

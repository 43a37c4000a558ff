/// How large chunks may become.
struct ChunkLimits {
  /// Items in a chunk.
  var items: Int
  /// Whether the pool chose that number, so that a chunk may also end at a number of bytes.
  var isAutomatic: Bool
  /// The longest body of a frame, in bytes.
  var maximumBody: Int
}

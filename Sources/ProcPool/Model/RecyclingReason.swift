/// The condition of a ``RecyclingPolicy`` because of which a worker process is replaced.
public enum RecyclingReason: String, Hashable, Sendable, Encodable {
  /// The process has run the maximum number of items.
  case tasks
  /// The process has reached the maximum age.
  case age
  /// The process has exceeded the maximum memory.
  case memory
}

/// Why a worker's process was replaced on purpose.
public enum RecyclingReason: String, Hashable, Sendable {
  /// It had run as many items as it may.
  case tasks
  /// It had run for as long as it may.
  case age
  /// It used more memory than it may.
  case memory
}

/// Limits that apply to every message.
public enum WireLimits {
  /// The maximum depth of nested values, counted in containers.
  ///
  /// In practice the stack is the limit: a worker's 8 MiB hold about 4000 linked objects with one
  /// property in a debug build, and more with optimisation. ``WireError/tooDeep(limit:)`` has the
  /// depth that was possible.
  ///
  /// This limit matters for threads with an unlimited stack (`ulimit -s unlimited`): a malicious
  /// message of a few hundred kilobytes then uses at most about 200 MB of stack, at 2 KB per level.
  public static let maximumDepth = 100_000
}

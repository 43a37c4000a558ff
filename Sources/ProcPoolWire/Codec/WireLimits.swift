/// Bounds that hold for every message.
public enum WireLimits {
  /// How deeply values may be nested at most, counted in containers.
  ///
  /// In practice the stack is the limit: a worker's 8 MiB hold some 4000 linked objects of one property in a debug
  /// build, and more with optimisation. ``WireError/tooDeep(limit:)`` reports the depth that was reached.
  ///
  /// This bound matters for threads without a stack limit (`ulimit -s unlimited`): a hostile message of a few
  /// hundred kilobytes then takes at most some 200 MB of stack, at 2 KB a level.
  public static let maximumDepth = 100_000
}

/// Bounds that hold for every message.
public enum WireLimits {
  /// How deeply values may be nested at most, counted in containers.
  ///
  /// In practice the stack decides: a value may be as deep as the thread that encodes or decodes it has room
  /// for, which is some 4000 linked objects in a debug build and 8000 in a release build for the 8 MiB of a
  /// worker's thread. ``WireError/tooDeep(limit:)`` says how deep that was.
  ///
  /// 100 000, which no stack of that size holds, because a thread's stack may have no limit (`ulimit -s
  /// unlimited`): a hostile message of a few hundred kilobytes then takes no more than some 200 MB of it.
  public static let maximumDepth = 100_000
}

/// Bounds that hold for every message.
public enum WireLimits {
  /// How deeply values may be nested at most, counted in containers.
  ///
  /// In practice the stack decides: a value may be as deep as the thread that encodes or decodes it has room
  /// for. The 8 MiB of a worker's thread hold 4400 linked objects of one property in a debug build, and more
  /// with optimisation. ``WireError/tooDeep(limit:)`` says how deep that was.
  ///
  /// 100 000, which no stack of that size holds, because a thread's stack may have no limit (`ulimit -s
  /// unlimited`): a hostile message of a few hundred kilobytes then takes a bounded part of it, some 200 MB at 2 KB a level.
  public static let maximumDepth = 100_000
}

/// Bounds that hold for every message.
public enum WireLimits {
  /// How deeply values may be nested, counted in containers.
  ///
  /// 200 because real data stays below 50, and because a level of general `Codable` takes 0.9 KB of stack,
  /// and 2.1 KB without optimisation: 200 of them fit the 512 KiB that a thread may have.
  public static let maximumDepth = 200
}

extension Pool {
  /// What happens in the pool from now on.
  ///
  /// - Complexity: an event costs something like a microsecond while somebody listens, and nothing otherwise.
  public var events: PoolEvents { runtime.events }
}

extension Pool {
  /// The events in the pool from now on, in a new sequence for each access.
  ///
  /// - Complexity: about a microsecond per event and sequence.
  public var events: PoolEvents { runtime.events }
}

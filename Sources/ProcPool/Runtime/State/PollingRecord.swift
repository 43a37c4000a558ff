/// Whether polling for the answers of a kind of task has paid lately.
struct PollingRecord {
  private var misses = 0
  private var skipped = 0

  /// So many misses in a row are taken for a habit, and from then on only one call in so many tries again: a
  /// task that takes longer costs its callers some three microseconds of polling each.
  private static let patience = 2
  private static let interval = 64

  mutating func mayPoll() -> Bool {
    if misses < Self.patience { return true }
    skipped = (skipped + 1) % Self.interval
    return skipped == 0
  }

  mutating func note(isHit: Bool) {
    misses = isHit ? 0 : misses + 1
  }
}

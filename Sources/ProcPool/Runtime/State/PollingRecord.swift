/// Whether polling for the answers of a type of task has paid off lately.
struct PollingRecord {
  private var misses = 0
  private var skipped = 0

  /// The number of consecutive misses after which only one in `interval` calls polls. Polling in
  /// vain costs a caller about three microseconds.
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

/// What is counted of a call, so that it can be explained why it takes as long as it does.
struct CallCounts: Equatable {
  /// Chunks that were given to workers, and their bytes; what was given twice is counted twice.
  var chunks: UInt64 = 0
  var bytes: UInt64 = 0
  /// How long they had waited for that, together.
  var queued = Nanoseconds.zero
  /// Items that have ended, those whose worker was lost among them; not attempts that come again.
  var ended: UInt64 = 0
  /// When the first chunks came.
  var firstAccepted: Instant?
  /// When one was given to a worker last.
  var lastGiven: Instant?
  /// Since when nothing waits for a worker; `nil` while something does.
  private var emptySince: Instant?
  /// For how long nothing waited before more came.
  private(set) var empty = Nanoseconds.zero

  init(begun: Instant) { emptySince = begun }

  mutating func noteAccepted(now: Instant) {
    if firstAccepted == nil { firstAccepted = now }
    if let emptySince { empty += Swift.max(.zero, now - emptySince) }
    emptySince = nil
  }

  /// What was taken back from a worker waits again: no input was late.
  mutating func noteGivenBack() { emptySince = nil }

  mutating func noteEmpty(now: Instant) { emptySince = now }

  mutating func noteGiven(chunks: Int, bytes: Int, waited: Nanoseconds, now: Instant) {
    self.chunks += UInt64(chunks)
    self.bytes += UInt64(bytes)
    queued += waited * chunks
    lastGiven = now
  }
}

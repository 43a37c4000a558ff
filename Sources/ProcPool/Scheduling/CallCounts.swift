/// The counters of a call, from which its duration is explained.
struct CallCounts: Equatable {
  /// Chunks sent to workers, and their bytes. A chunk that is sent twice counts twice.
  var chunks: UInt64 = 0
  var bytes: UInt64 = 0
  /// The total time that these chunks had been pending.
  var queued = Nanoseconds.zero
  /// Items that have ended, including those whose worker was lost. Attempts that are retried do not
  /// count.
  var ended: UInt64 = 0
  /// When the first chunks were accepted.
  var firstAccepted: Instant?
  /// When the latest chunk was sent to a worker.
  var lastGiven: Instant?
  /// When the pending queue became empty; `nil` while chunks are pending.
  private var emptySince: Instant?
  /// The total time for which the pending queue was empty before further chunks were accepted.
  private(set) var empty = Nanoseconds.zero

  init(begun: Instant) { emptySince = begun }

  mutating func noteAccepted(now: Instant) {
    if firstAccepted == nil { firstAccepted = now }
    if let emptySince { empty += Swift.max(.zero, now - emptySince) }
    emptySince = nil
  }

  /// Items that were taken back from a worker are pending again, which does not mean that inputs
  /// were late.
  mutating func noteGivenBack() { emptySince = nil }

  mutating func noteEmpty(now: Instant) { emptySince = now }

  mutating func noteGiven(chunks: Int, bytes: Int, waited: Nanoseconds, now: Instant) {
    self.chunks += UInt64(chunks)
    self.bytes += UInt64(bytes)
    queued += waited * chunks
    lastGiven = now
  }
}

/// What is counted of a call, for those who want to know why it takes as long as it does. Times are instants
/// and spans in nanoseconds.
struct CallCounts: Equatable {
  /// Chunks that were given to workers, and their bytes; what was given twice is counted twice.
  var chunks: UInt64 = 0
  var bytes: UInt64 = 0
  /// How long they had waited for that, together.
  var queued: Int64 = 0
  /// Items that have ended, those whose worker was lost among them; not attempts that come again.
  var ended: UInt64 = 0
  /// When the first chunks came; 0 before that.
  var firstAccepted: Int64 = 0
  /// When one was given to a worker last.
  var lastGiven: Int64 = 0
  /// Since when nothing waits for a worker; 0 while something does.
  private var emptySince: Int64
  /// For how long nothing waited before more came.
  private(set) var empty: Int64 = 0

  init(begun: Int64) { emptySince = begun }

  mutating func noteAccepted(now: Int64) {
    if firstAccepted == 0 { firstAccepted = now }
    if emptySince > 0 { empty += max(0, now - emptySince) }
    emptySince = 0
  }

  /// What was taken back from a worker waits again: nobody's inputs were late.
  mutating func noteGivenBack() { emptySince = 0 }

  mutating func noteEmpty(now: Int64) { emptySince = now }

  mutating func noteGiven(chunks: Int, bytes: Int, waited: Int64, now: Int64) {
    self.chunks += UInt64(chunks)
    self.bytes += UInt64(bytes)
    // Of very many that wait for very long the sum is beyond all bounds, which is no reason to end a program.
    queued = queued.addingSaturating(waited.multipliedSaturating(by: Int64(chunks)))
    lastGiven = now
  }
}

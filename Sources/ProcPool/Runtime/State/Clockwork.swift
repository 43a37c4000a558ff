/// The requests of other threads to the runtime thread's clock.
struct Clockwork {
  /// The places that wait before the next start of a worker, and the end of their wait.
  var rests: [(place: PlaceID, until: Int64)] = []
  /// The workers that cannot be killed, and are to be abandoned.
  var abandoned: [WorkerConnection] = []
  /// Whether chunks have been sent whose results may be in a worker's buffer.
  var needsPeek = false
  /// Whether chunks have been sent, or a launch requested, since the runtime thread last checked.
  var needsWatch = false
  /// Whether outboxes have frames that are not written immediately because no worker need wake for
  /// them.
  var needsFlush = false
  /// When the runtime thread wakes up at the latest; `.max` for never.
  var wakeTime = Int64.max

  /// Whether the runtime thread must check its clock before it sleeps.
  var needsLook: Bool { needsPeek || needsFlush || needsWatch }

  /// Whether the runtime thread would sleep for longer than it should now. It is woken once for
  /// that.
  mutating func mustWake(now: @autoclosure () -> Int64) -> Bool {
    guard needsLook else { return false }
    let patience = needsPeek || needsFlush ? RuntimeLoop.shortestPeek : RuntimeLoop.lifeInterval
    guard wakeTime - patience > now() else { return false }
    wakeTime = 0
    return true
  }
}

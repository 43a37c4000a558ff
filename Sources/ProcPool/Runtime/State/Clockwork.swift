/// What other threads leave for the runtime thread's clock.
struct Clockwork {
  /// Places that wait before the next worker is started in them, and until when.
  var rests: [(place: PlaceID, until: Int64)] = []
  /// Workers that cannot be killed and are to be given up.
  var abandoned: [WorkerConnection] = []
  /// Work has been sent whose results may lie in a worker's buffer.
  var needsPeek = false
  /// Work has been sent, or a launch requested, since the runtime thread last checked for any.
  var needsWatch = false
  /// Frames lie in outboxes for which no worker need wake up, or will soon.
  var needsFlush = false
  /// When the runtime thread wakes up at the latest, if nothing happens; `.max` for never.
  var wakeTime = Int64.max

  /// Whether the runtime thread has to look at its clock before it sleeps.
  var needsLook: Bool { needsPeek || needsFlush || needsWatch }

  /// Whether the runtime thread would sleep for longer than it now should. It is woken once for that.
  mutating func mustWake(now: @autoclosure () -> Int64) -> Bool {
    guard needsLook else { return false }
    let patience = needsPeek || needsFlush ? RuntimeLoop.shortestPeek : RuntimeLoop.lifeInterval
    guard wakeTime - patience > now() else { return false }
    wakeTime = 0
    return true
  }
}

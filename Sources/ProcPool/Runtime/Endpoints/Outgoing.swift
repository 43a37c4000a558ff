/// What is on its way to a worker. Under the pool's lock; writing happens outside it.
struct Outgoing {
  var outbox = Outbox()
  /// The pipe was full; the poller watches for room.
  var awaitsRoom = false
  /// Bytes that the task pipe has taken.
  var written: UInt64 = 0
  /// Whether the worker could map the coordinator's memory when it last tried.
  var reachesMemory = true
}

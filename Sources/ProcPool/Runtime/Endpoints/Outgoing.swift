/// The data on its way to a worker. Guarded by the pool's lock; it is written outside the lock.
struct Outgoing {
  var outbox = Outbox()
  /// Whether the pipe was full and the poller watches for room.
  var awaitsRoom = false
  /// The number of bytes written to the task pipe.
  var written: UInt64 = 0
  /// Whether the worker could map the coordinator's memory when it last tried.
  var reachesMemory = true
}

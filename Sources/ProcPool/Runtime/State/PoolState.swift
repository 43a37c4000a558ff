import ProcPoolProtocol

/// The state that a pool's lock guards: the scheduler, and components for the rest.
struct PoolState: ~Copyable {
  var scheduler: Scheduler<InputSlice>
  var workers: WorkerTable
  var calls = CallTable()
  var keptTasks: KeptTaskTable
  var ledger: Ledger
  var waiters = Waiters()
  var events = EventHub()
  var clockwork = Clockwork()
  /// `terminate` has been called.
  var isTerminated = false
  /// Whether all workers have ended, and no more will be started.
  var isStopped = false
  /// Whether the pool has stopped and the runtime thread has finished.
  var hasEnded = false

  init(_ scheduler: Scheduler<InputSlice>, workers: Int, keptTasks: KeptTaskTable.Bounds) {
    self.scheduler = scheduler
    self.workers = WorkerTable(places: scheduler.placeCount)
    self.keptTasks = KeptTaskTable(places: scheduler.placeCount, bounds: keptTasks)
    ledger = Ledger(workers: workers)
  }

  /// Whether `submit` waits because too many calls are pending. The limit fills every worker's
  /// window with items of a tenth of a millisecond.
  var isFull: Bool { scheduler.pendingCalls >= 16 * scheduler.workerCount }

  /// The reason why the pool runs no more items, if there is one.
  var poolEnd: PoolError? {
    switch scheduler.life {
    case .open, .closing: nil
    case .broken(let failure): .workersUnavailable(failure)
    case .terminating, .stopped: .terminated
    }
  }
}

/// The effects to carry out after the lock has been released.
struct Effects {
  private(set) var flushes: [WorkerConnection] = []
  var resumed: [UnsafeContinuation<Void, Never>] = []
  var completed: [(completion: @Sendable (_ call: CallID, CallNews) -> Void, call: CallID, news: CallNews)] =
    []
  var finishedSingles: [CallRecord] = []
  var events: [(event: PoolEvent.Kind, listeners: [PoolEvents.Continuation])] = []
  /// Stalled items to announce with the stack of their worker.
  var stalls: [(event: PoolEvent.Kind, worker: WorkerConnection)] = []
  var silenced: [PoolEvents.Continuation] = []
  var wakesRuntime = false

  /// Schedules a write of the worker's outbox.
  mutating func flush(_ connection: WorkerConnection) {
    if flushes.last !== connection { flushes.append(connection) }
  }
}

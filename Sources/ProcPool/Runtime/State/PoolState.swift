import ProcPoolProtocol

/// What a pool's lock guards: the scheduler, and a component for each thing that its owner keeps beside it.
struct PoolState: ~Copyable {
  var scheduler: Scheduler<InputSlice>
  var workers: WorkerTable
  var calls = CallTable()
  var keptTasks: KeptTasks
  var ledger: Ledger
  var waiters = Waiters()
  var events = EventHub()
  var clockwork = Clockwork()
  /// `terminate` has been called.
  var isTerminated = false
  /// All workers are gone, and no more will come.
  var isStopped = false
  /// It has stopped, and the runtime thread has nothing more to do.
  var hasEnded = false

  init(_ scheduler: Scheduler<InputSlice>, workers: Int, keptTasks: KeptTasks.Bounds) {
    self.scheduler = scheduler
    self.workers = WorkerTable(places: scheduler.placeCount)
    self.keptTasks = KeptTasks(places: scheduler.placeCount, bounds: keptTasks)
    ledger = Ledger(workers: workers)
  }

  /// Whether so many calls are pending that `submit` waits: enough to fill every worker's window with items of a tenth
  /// of a millisecond.
  var isFull: Bool { scheduler.pendingCalls >= 16 * scheduler.workerCount }

  /// Why the pool runs nothing more, if that is so.
  var poolEnd: PoolError? {
    switch scheduler.life {
    case .open, .closing: nil
    case .broken(let failure): .workersUnavailable(failure)
    case .terminating, .stopped: .terminated
    }
  }
}

/// What is to be done after the lock has been left.
struct Effects {
  private(set) var flushes: [WorkerConnection] = []
  var resumed: [UnsafeContinuation<Void, Never>] = []
  var completed: [(completion: @Sendable (_ call: CallID, CallNews) -> Void, call: CallID, news: CallNews)] =
    []
  var finishedSingles: [CallBox] = []
  var events: [(event: PoolEvent.Kind, listeners: [PoolEvents.Continuation])] = []
  /// Stalled items, to be announced with the stack of their worker.
  var stalls: [(event: PoolEvent.Kind, worker: WorkerConnection)] = []
  var silenced: [PoolEvents.Continuation] = []
  var wakesRuntime = false

  /// Has what lies in a worker's outbox written.
  mutating func flush(_ connection: WorkerConnection) {
    if flushes.last !== connection { flushes.append(connection) }
  }
}

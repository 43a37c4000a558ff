import ProcPoolProtocol
import ProcPoolWorker

// All decisions about calls, chunks and workers, without carrying any of them out.
//
//     calls                     Scheduler                          workers
//   accept(chunks)  ─────▶  call.pending  ──dispatch──▶  place.queue (in flight, in the order sent)
//   cancel          ─────▶                                   │
//                           ◀── ended(results, failure) ─────┤
//                           ◀── lost(worker) ────────────────┘  front item blamed, the rest back to pending
//
// The scheduler has no clock, takes no lock and makes no calls. Events carry the time, and the
// resulting actions are left in `actions`, in order, for the owner of the scheduler to perform.
// `SchedulerInvariants.swift` specifies the state between any two events. A scheduler is not copied:
// the copies would share their calls, which are classes.

struct Scheduler<Payload: ChunkPayload> {
  /// The stages of the pool's life.
  enum Life: Equatable { case open, closing, terminating, broken(WorkerStartFailure), stopped }

  /// The number of consecutive losses of a worker in one place, without any ended item, after which
  /// the place stays empty.
  static var maximumStrikes: Int { 6 }
  /// The delay of a start after two consecutive losses, which doubles with each further loss. The
  /// start after the first loss is immediate.
  static var firstDelay: Nanoseconds { .milliseconds(100) }

  private(set) var life = Life.open
  var places: Table<PlaceID, Place>
  /// The place of each worker.
  var seats: Table<WorkerID, PlaceID>
  let recycling: Recycling
  /// The number of workers that can run at the same time.
  let processors: Int
  /// The number of busy workers up to which they poll before they sleep.
  let mostPolling: Int
  /// The number of standby processes that should be ready or starting.
  var spareTarget: Int
  /// The number of consecutive standby processes that ended before they were needed.
  var spareFailures = 0
  var calls: [CallID: Call] = [:]
  /// The time limits per item of the calls that have one.
  var timedCalls: [CallID: Nanoseconds] = [:]
  /// The times at which the deadlines of calls pass.
  var expiries: [CallID: Instant] = [:]
  /// The paused items, whose task has thrown, in descending order of the end of their pause.
  var pauses: [Pause] = []
  /// The calls with pending chunks, in the order of their turns.
  var turns = Deque<CallID>()
  var actions: [SchedulerAction<Payload>] = []
  /// Whether any handshake has completed. Before the first, a failed start is attributed to the
  /// program.
  private(set) var hasCompletedHandshake = false
  var firstStartFailure: WorkerStartFailure?
  /// The latest temporary failure to start a worker.
  var lastShortage: WorkerStartFailure?
  var lastCall = CallID(0)
  /// The number of chunks sent to workers, and the total time that they had been pending.
  var chunksSent: UInt64 = 0
  var queued = Nanoseconds.zero
  /// How long items of retired calls may keep running.
  let grace: CancellationGrace
  /// The running time after which a stall of an item is announced.
  let stallTime: Nanoseconds?

  init(
    workers: Int, grace: CancellationGrace = CancellationGrace(), recycling: Recycling = Recycling(),
    stallTime: Nanoseconds? = nil, processors: Int = .max, mostPolling: Int = .max
  ) {
    self.processors = processors
    self.mostPolling = mostPolling
    self.grace = grace
    self.stallTime = stallTime
    self.recycling = recycling
    spareTarget = recycling.standby ?? (recycling.isExpected ? Recycling.standby(workers: workers) : 0)
    seats = Table((0..<workers).map(PlaceID.init(index:)))
    let places = Recycling.places(workers: workers, spareTarget: spareTarget)
    self.places = Table(Array(repeating: Place(), count: places))
    for (worker, place) in zip(seats.indices, seats) { self.places[place].seat = worker }
  }
}

// MARK: - The pool's life

extension Scheduler {
  mutating func start() {
    for id in seats { launch(id) }
    fillSpares()
  }

  mutating func launch(_ id: PlaceID) {
    let strikes = places[id].strikes
    vacate(id, strikes: strikes)
    if strikes < 2 {
      places[id].state = .launching
      actions.append(.launch(place: id))
    } else {
      places[id].state = .resting
      actions.append(.rest(place: id, Self.firstDelay * (1 << (strikes - 2))))
    }
  }

  /// Starts a worker in a place after its delay.
  mutating func rested(_ id: PlaceID) {
    guard places[id].state == .resting else { return }
    places[id].state = .launching
    actions.append(.launch(place: id))
  }

  /// Closes the pool to new calls. Workers exit when the last call has ended.
  mutating func close() {
    switch life {
    case .open:
      life = .closing
      leaveIfIdle()
    case .broken:
      life = .terminating
      stopIfEmpty()
    case .closing, .terminating, .stopped: break
    }
  }

  mutating func leaveIfIdle() {
    guard life == .closing, calls.isEmpty else { return }
    for id in places.indices where [.ready, .standby].contains(places[id].state) { leave(id) }
    for id in places.indices where places[id].state == .resting { places[id].state = .vacant }
    // In reverse order, because removing from the end of the launch queue is cheap.
    for id in places.indices.reversed() where places[id].state == .launching {
      actions.append(.recall(place: id))
    }
    stopIfEmpty()
  }

  /// Ends all calls and processes now.
  mutating func terminate() {
    switch life {
    case .terminating, .stopped: return
    case .broken, .open, .closing: life = .terminating
    }
    failEverything(.terminated)
    for id in places.indices where places[id].isAlive { condemn(id) }
    stopIfEmpty()
  }

  mutating func failAll(_ chunks: [Chunk<Payload>], _ failure: ItemFailure) {
    for chunk in chunks where calls[chunk.call]?.isRetired == false {
      actions.append(
        .fail(
          call: chunk.call, first: chunk.first + chunk.done, count: chunk.remaining, ItemTrace(),
          failure))
    }
  }

  /// Fails every item that has not ended.
  mutating func failEverything(_ failure: ItemFailure) {
    for id in places.indices {
      failAll(Array(places[id].queue) + Array(places[id].pinned), failure)
      places[id].empty()
      places[id].pinned.removeAll()
    }
    for (call, state) in calls {
      failAll(Array(state.pending), failure)
      calls[known: call].dropPending()
      calls[known: call].inFlight = 0
      forgetIfDone(call)
    }
    failPauses(failure)
    turns.removeAll()
  }

  mutating func condemn(_ id: PlaceID, timeLimit: Duration? = nil) {
    switch places[id].state {
    case .condemned: return
    case .resting: return places[id].state = .vacant
    case .vacant, .launching, .standby, .ready, .leaving: break
    }
    places[id].state = .condemned(timeLimit: timeLimit)
    actions.append(.kill(place: id))
  }

  mutating func stopIfEmpty() {
    guard life == .closing || life == .terminating, !places.contains(where: \.isAlive) else { return }
    if life == .closing && !calls.isEmpty { return }
    stop()
  }

  private mutating func stop() {
    life = .stopped
    actions.append(.stopped)
  }

  /// Handles a completed handshake.
  ///
  /// - Parameter canGiveBack: whether the worker has a page with a gate.
  mutating func completedHandshake(_ id: PlaceID, canGiveBack: Bool = true, now: Instant) {
    guard places[id].state == .launching else { return }
    places[id].canGiveBack = canGiveBack
    places[id].shortages = 0
    let isFirst = !hasCompletedHandshake
    hasCompletedHandshake = true
    if places[id].seat == nil {
      places[id].state = .standby
    } else {
      takeUp(id, now: now)
    }
    if life == .closing && calls.isEmpty { return leaveIfIdle() }
    replaceDue(now: now)
    if isFirst {
      // Earlier failures to start were not the program's fault.
      for other in seats where !places[other].isAlive { launch(other) }
    }
    dispatch(now: now)
  }

  /// Handles a worker that could not be started, or ended before the handshake.
  mutating func failedToStart(_ id: PlaceID, _ failure: WorkerStartFailure, now: Instant) {
    if !failure.isShortage { firstStartFailure = firstStartFailure ?? failure }
    if let seat = places[id].seat, life == .open || life == .closing {
      actions.append(.announce(.workerFailedToStart(seat, failure)))
    }
    let isShortage = failure.isShortage
    vacate(id, strikes: places[id].strikes + (isShortage ? 0 : 1))
    guard life == .open || life == .closing else { return stopIfEmpty() }
    if isShortage { return waitOutShortage(id, failure) }
    if places[id].seat == nil { return loseSpare(id) }
    // Before the first handshake, each place has one attempt, so that a program that cannot serve
    // is not run repeatedly. After the first handshake, the other places are retried.
    if hasCompletedHandshake && places[id].strikes < Self.maximumStrikes { return launch(id) }
    breakIfEmpty()
  }

  /// Handles the recall of a launch: the worker was not started, and is not needed any more.
  mutating func tookBack(_ id: PlaceID) {
    vacate(id, strikes: places[id].strikes)
    stopIfEmpty()
  }

  mutating func vacate(_ id: PlaceID, strikes: Int) {
    let pinned = places[id].pinned
    let seat = places[id].seat
    let shortages = places[id].shortages
    places[id] = Place()
    places[id].strikes = strikes
    places[id].shortages = shortages
    places[id].pinned = pinned
    places[id].seat = seat
  }

  /// Fails everything, now and in future, if no worker is left and none will be started.
  mutating func breakIfEmpty() {
    if let failure = firstStartFailure, !seats.contains(where: { places[$0].isAlive }) {
      let wasClosing = life == .closing
      life = .broken(failure)
      actions.append(.announce(.failed(failure)))
      failEverything(.noWorkers(failure))
      for id in places.indices where places[id].isAlive { condemn(id) }
      if wasClosing { close() }
    } else {
      failIfStarved()
    }
  }

  /// Fails the chunks that only an empty place may run.
  mutating func failStranded() {
    // The first handshake gives empty places another chance.
    if !hasCompletedHandshake, seats.contains(where: { places[$0].isAlive }) { return }
    for id in places.indices
    where (!places[id].isAlive || places[id].isStarved) && !places[id].pinned.isEmpty {
      let chunks = Array(places[id].pinned)
      places[id].pinned.removeAll()
      for chunk in chunks { calls[known: chunk.call].inFlight -= chunk.count }
      let reason = places[id].isStarved ? lastShortage : firstStartFailure
      failAll(chunks, .noWorkers(reason ?? firstStartFailure ?? WorkerStartFailure("its process has ended")))
    }
  }
}

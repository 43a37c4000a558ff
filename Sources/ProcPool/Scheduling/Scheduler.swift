import ProcPoolProtocol
import ProcPoolWorker

// Who does what, decided without doing any of it.
//
//     calls                     Scheduler                          workers
//   accept(chunks)  ─────▶  call.pending  ──dispatch──▶  place.queue (in flight, in the order sent)
//   cancel          ─────▶                                   │
//                           ◀── ended(results, failure) ─────┤
//                           ◀── lost(worker) ────────────────┘  front item blamed, the rest back to pending
//
// The scheduler has no clock, no lock and makes no calls: events come with the time, and what is to be done
// is left in `actions`, in order, for its owner to perform. `SchedulerInvariants.swift` says what holds
// between any two events.

struct Scheduler<Payload: ChunkPayload> {
  /// How far the pool is on its way from open to gone.
  enum Life: Equatable { case open, closing, terminating, broken(WorkerStartFailure), stopped }

  /// So many workers in a row may be lost in one place without any item ending there; then it stays empty.
  static var maximumStrikes: Int { 6 }
  /// The second of them is started at once, the third after this, and each further one after twice as long.
  /// Nanoseconds.
  static var firstDelay: Nanoseconds { .milliseconds(100) }

  private(set) var life = Life.open
  var places: Table<PlaceID, Place>
  /// In which place each of the pool's workers is.
  var seats: Table<WorkerID, PlaceID>
  let recycling: Recycling
  /// How many workers can run at the same time.
  let processors: Int
  /// How many processes stand by, or are about to.
  var spareTarget: Int
  /// How many of those in a row have ended before they were needed.
  var spareFailures = 0
  var calls: [CallID: Call] = [:]
  /// The time limits of those calls that have one, in nanoseconds.
  var timedCalls: [CallID: Nanoseconds] = [:]
  /// When the time of those calls is over that have a deadline.
  var expiries: [CallID: Instant] = [:]
  /// Items that have thrown and wait until they are run again, the one whose time comes first last.
  var pauses: [Pause] = []
  /// Calls with pending chunks, in the order in which they get their turn.
  var turns = Deque<CallID>()
  var actions: [SchedulerAction<Payload>] = []
  /// Whether any worker has ever greeted: until then a failure to start is the program's fault, not bad luck.
  private(set) var hasGreeted = false
  private var firstStartFailure: WorkerStartFailure?
  /// Why no worker could be started for the moment, when that happened last.
  var lastShortage: WorkerStartFailure?
  var lastCall = CallID(0)
  /// Chunks that were given to workers, and how long they had waited for that, in nanoseconds.
  var chunksSent: UInt64 = 0
  var queued = Nanoseconds.zero
  /// How long cancelled items may go on.
  let grace: CancellationGrace
  /// How long an item runs before it is told of, in nanoseconds.
  let stallTime: Nanoseconds?

  init(
    workers: Int, grace: CancellationGrace = CancellationGrace(), recycling: Recycling = Recycling(),
    stallTime: Nanoseconds? = nil, processors: Int = .max
  ) {
    self.processors = processors
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

  /// A place has waited for as long as it was to.
  mutating func rested(_ id: PlaceID) {
    guard places[id].state == .resting else { return }
    places[id].state = .launching
    actions.append(.launch(place: id))
  }

  /// No more calls; the workers go when the last call has ended.
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
    // From the end of the queue on, which is where it is cheap.
    for id in places.indices.reversed() where places[id].state == .launching {
      actions.append(.recall(place: id))
    }
    stopIfEmpty()
  }

  /// Ends everything now.
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

  /// Every item that has not ended ends like this.
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

  /// A worker has greeted.
  /// - Parameter canGiveBack: whether the worker has a page on which its gate is.
  mutating func greeted(_ id: PlaceID, canGiveBack: Bool = true, now: Instant) {
    guard places[id].state == .launching else { return }
    places[id].canGiveBack = canGiveBack
    places[id].shortages = 0
    let isFirst = !hasGreeted
    hasGreeted = true
    if places[id].seat == nil {
      places[id].state = .standby
    } else {
      takeUp(id, now: now)
    }
    if life == .closing && calls.isEmpty { return leaveIfIdle() }
    replaceThoseDue(now: now)
    if isFirst {
      // That another could not be started was not the program's fault.
      for other in seats where !places[other].isAlive { launch(other) }
    }
    dispatch(now: now)
  }

  /// A worker could not be started, or ended before it had greeted.
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
    // Before any worker has greeted each place is tried once: a program that cannot serve is not run again
    // and again. When one greets after all, the others are tried again.
    if hasGreeted && places[id].strikes < Self.maximumStrikes { return launch(id) }
    breakIfEmpty()
  }

  /// A worker that is not wanted any more was not started.
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

  /// A worker that had greeted has ended. What it had finished has been reported before this.
  ///
  /// - Parameter progress: the last word of its status page; `nil` if it had none.
  mutating func lost(_ id: PlaceID, progress: StatusPage.Progress?, loss: WorkerLoss, now: Instant) {
    let place = places[id]
    let begun = giveUpStarted(id, progress: progress, loss, now: now)
    returnUnstarted(id, now: now)
    // Before what was not begun, so that results in order do not wait for it.
    giveBack(begun.again, now: now)
    if place.state != .leaving && place.seat != nil || loss.isLeftBehind {
      actions.append(.announce(.workerLost(loss, item: begun.culprit)))
    }
    let isBlameless = begun.any || place.position > 0 || place.state == .leaving
    let strikes = isBlameless ? 0 : place.strikes + 1
    vacate(id, strikes: strikes)
    if life == .terminating || life == .closing && calls.isEmpty { return stopIfEmpty() }
    guard life == .open || life == .closing else { return }
    if place.seat == nil {
      if place.state == .leaving { fillSpares() } else { loseSpare(id) }
    } else if strikes < Self.maximumStrikes {
      // A pool that has lost a worker may lose another.
      if recycling.standby == nil, place.state != .leaving { spareTarget = max(spareTarget, 1) }
      // One that ends without a reason ends again: it need not use up those that stand by.
      if strikes > 1 || !reseat(from: id, anew: false, now: now) { launch(id) }
      fillSpares()
    } else {
      firstStartFailure = firstStartFailure ?? WorkerStartFailure(lostIdle: loss)
    }
    breakIfEmpty()
    dispatch(now: now)
  }

  /// When no worker is left and none will be started, nobody can run what is there or what will come.
  private mutating func breakIfEmpty() {
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

  /// A place that stays empty cannot run what only it may.
  mutating func failStranded() {
    // With the first greeting empty places get another chance.
    if !hasGreeted, seats.contains(where: { places[$0].isAlive }) { return }
    for id in places.indices
    where (!places[id].isAlive || places[id].isStarved) && !places[id].pinned.isEmpty {
      let chunks = Array(places[id].pinned)
      places[id].pinned.removeAll()
      for chunk in chunks { calls[known: chunk.call].inFlight -= chunk.count }
      failAll(chunks, .noWorkers(firstStartFailure ?? WorkerStartFailure("its place is empty")))
    }
  }
}

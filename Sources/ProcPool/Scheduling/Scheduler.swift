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
  static var firstDelay: Int64 { 100_000_000 }

  private(set) var life = Life.open
  var places: [Place]
  /// In which place each of the pool's workers is.
  var seats: [Int]
  let recycling: Recycling
  /// How many workers can run at the same time.
  let processors: Int
  /// How many processes stand by, or are about to.
  var spareTarget: Int
  /// How many of those in a row have ended before they were needed.
  var spareFailures = 0
  var calls: [UInt32: Call] = [:]
  /// The time limits of those calls that have one, in nanoseconds.
  var timedCalls: [UInt32: Int64] = [:]
  /// When the time of those calls is over that have a deadline.
  var expiries: [UInt32: Int64] = [:]
  /// Calls with pending chunks, in the order in which they get their turn.
  var turns = Deque<UInt32>()
  var actions: [SchedulerAction<Payload>] = []
  /// Whether any worker has ever greeted: until then a failure to start is the program's fault, not bad luck.
  private(set) var hasGreeted = false
  private var firstStartFailure: WorkerStartFailure?
  /// Why no worker could be started for the moment, when that happened last.
  var lastShortage: WorkerStartFailure?
  var lastCall: UInt32 = 0
  /// Chunks that were given to workers, and how long they had waited for that, in nanoseconds.
  var chunksSent: UInt64 = 0
  var queued: Int64 = 0
  /// How long cancelled items may go on.
  let grace: CancellationGrace
  /// How long an item runs before it is told of, in nanoseconds.
  let stallTime: Int64?

  init(
    workers: Int, grace: CancellationGrace = CancellationGrace(), recycling: Recycling = Recycling(),
    stallTime: Int64? = nil, processors: Int = .max
  ) {
    self.processors = processors
    self.grace = grace
    self.stallTime = stallTime
    self.recycling = recycling
    spareTarget = recycling.standby ?? (recycling.isExpected ? Recycling.standby(workers: workers) : 0)
    seats = Array(0..<workers)
    let places = Recycling.places(workers: workers, spareTarget: spareTarget)
    self.places = Array(repeating: Place(), count: places)
    for index in 0..<workers { self.places[index].seat = index }
  }
}

// MARK: - The pool's life

extension Scheduler {
  mutating func start() {
    for index in seats { launch(index) }
    fillSpares()
  }

  mutating func launch(_ index: Int) {
    let strikes = places[index].strikes
    vacate(index, strikes: strikes)
    if strikes < 2 {
      places[index].state = .launching
      actions.append(.launch(place: index))
    } else {
      places[index].state = .resting
      actions.append(.rest(place: index, Self.firstDelay << Int64(strikes - 2)))
    }
  }

  /// A place has waited for as long as it was to.
  mutating func rested(_ index: Int) {
    guard places[index].state == .resting else { return }
    places[index].state = .launching
    actions.append(.launch(place: index))
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
    for index in places.indices where [.ready, .standby].contains(places[index].state) { leave(index) }
    for index in places.indices where places[index].state == .resting { places[index].state = .vacant }
    // From the end of the queue on, which is where it is cheap.
    for index in places.indices.reversed() where places[index].state == .launching {
      actions.append(.recall(place: index))
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
    for index in places.indices where places[index].isAlive { condemn(index) }
    stopIfEmpty()
  }

  mutating func failAll(_ chunks: [Chunk<Payload>], _ failure: ItemFailure) {
    for chunk in chunks where calls[chunk.call]?.isRetired == false {
      actions.append(
        .fail(
          call: chunk.call, first: chunk.first + UInt64(chunk.done), count: chunk.remaining, ItemTrace(),
          failure))
    }
  }

  /// Every item that has not ended ends like this.
  mutating func failEverything(_ failure: ItemFailure) {
    for index in places.indices {
      failAll(Array(places[index].queue) + Array(places[index].pinned), failure)
      places[index].empty()
      places[index].pinned.removeAll()
    }
    for (call, state) in calls {
      failAll(Array(state.pending), failure)
      calls[call]!.dropPending()
      calls[call]!.inFlight = 0
      forgetIfDone(call)
    }
    turns.removeAll()
  }

  mutating func condemn(_ index: Int, timeLimit: Duration? = nil) {
    switch places[index].state {
    case .condemned: return
    case .resting: return places[index].state = .vacant
    case .vacant, .launching, .standby, .ready, .leaving: break
    }
    places[index].state = .condemned(timeLimit: timeLimit)
    actions.append(.kill(place: index))
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
  mutating func greeted(_ index: Int, canGiveBack: Bool = true, now: Int64) {
    guard places[index].state == .launching else { return }
    places[index].canGiveBack = canGiveBack
    places[index].shortages = 0
    let isFirst = !hasGreeted
    hasGreeted = true
    if places[index].seat == nil {
      places[index].state = .standby
    } else {
      takeUp(index, now: now)
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
  mutating func failedToStart(_ index: Int, _ failure: WorkerStartFailure, now: Int64) {
    if !failure.isShortage { firstStartFailure = firstStartFailure ?? failure }
    if let seat = places[index].seat, life == .open || life == .closing {
      actions.append(.announce(.workerFailedToStart(WorkerID(index: seat), failure)))
    }
    let isShortage = failure.isShortage
    vacate(index, strikes: places[index].strikes + (isShortage ? 0 : 1))
    guard life == .open || life == .closing else { return stopIfEmpty() }
    if isShortage { return waitOutShortage(index, failure) }
    if places[index].seat == nil { return loseSpare(index) }
    // Before any worker has greeted each place is tried once: a program that cannot serve is not run again
    // and again. When one greets after all, the others are tried again.
    if hasGreeted && places[index].strikes < Self.maximumStrikes { return launch(index) }
    breakIfEmpty()
  }

  /// A worker that is not wanted any more was not started.
  mutating func tookBack(_ index: Int) {
    vacate(index, strikes: places[index].strikes)
    stopIfEmpty()
  }

  mutating func vacate(_ index: Int, strikes: Int) {
    let pinned = places[index].pinned
    let seat = places[index].seat
    let shortages = places[index].shortages
    places[index] = Place()
    places[index].strikes = strikes
    places[index].shortages = shortages
    places[index].pinned = pinned
    places[index].seat = seat
  }

  /// A worker that had greeted has ended. What it had finished has been reported before this.
  ///
  /// - Parameter progress: the last word of its status page; `nil` if it had none.
  mutating func lost(_ index: Int, progress: StatusPage.Progress?, loss: WorkerLoss, now: Int64) {
    let place = places[index]
    let begun = giveUpStarted(index, progress: progress, loss, now: now)
    returnUnstarted(index, now: now)
    // Before what was not begun, so that results in order do not wait for it.
    giveBack(begun.again, now: now)
    if place.state != .leaving && place.seat != nil || loss.isLeftBehind {
      actions.append(.announce(.workerLost(loss, item: begun.culprit)))
    }
    let isBlameless = begun.any || place.position > 0 || place.state == .leaving
    let strikes = isBlameless ? 0 : place.strikes + 1
    vacate(index, strikes: strikes)
    if life == .terminating || life == .closing && calls.isEmpty { return stopIfEmpty() }
    guard life == .open || life == .closing else { return }
    if place.seat == nil {
      if place.state == .leaving { fillSpares() } else { loseSpare(index) }
    } else if strikes < Self.maximumStrikes {
      // A pool that has lost a worker may lose another.
      if recycling.standby == nil, place.state != .leaving { spareTarget = max(spareTarget, 1) }
      // One that ends without a reason ends again: it need not use up those that stand by.
      if strikes > 1 || !reseat(from: index, anew: false, now: now) { launch(index) }
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
      for index in places.indices where places[index].isAlive { condemn(index) }
      if wasClosing { close() }
    } else {
      failIfStarved()
    }
  }

  /// A place that stays empty cannot run what only it may.
  mutating func failStranded() {
    // With the first greeting empty places get another chance.
    if !hasGreeted, seats.contains(where: { places[$0].isAlive }) { return }
    for index in places.indices
    where (!places[index].isAlive || places[index].isStarved) && !places[index].pinned.isEmpty {
      let chunks = Array(places[index].pinned)
      places[index].pinned.removeAll()
      for chunk in chunks { calls[chunk.call]!.inFlight -= chunk.count }
      failAll(chunks, .noWorkers(firstStartFailure ?? WorkerStartFailure("its place is empty")))
    }
  }
}

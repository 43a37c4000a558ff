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

/// What the owner of a scheduler is to do.
enum SchedulerAction<Payload: ChunkPayload> {
  case launch(place: Int)
  case sendCall(place: Int, call: UInt32)
  case sendChunk(place: Int, Chunk<Payload>, flags: ChunkHint)
  /// Close the worker's gate and report what it had claimed through `tookBack`, before any other event.
  case takeBack(place: Int)
  case sendResume(place: Int, epoch: UInt64)
  case sendEndCall(place: Int, call: UInt32)
  case sendEnd(place: Int)
  case kill(place: Int)
  /// Items of a call ended without a result.
  ///
  /// - Parameter step: at which step the one item ended, where that is known and items have steps.
  case fail(call: UInt32, first: UInt64, count: Int, step: UInt64? = nil, ItemFailure)
  /// Nobody needs the call any more.
  case forget(call: UInt32)
  /// There is room for more of the call, whose owner was told that there was none.
  case askForMore(call: UInt32)
  /// All workers are gone, and no more will come.
  case stopped
}

/// What the worker is told about a chunk.
struct ChunkHint: Equatable {
  var flushes: Bool
  var claimExponent: UInt8
}

/// Why an item ended, where it was not the task that ended it.
enum ItemFailure: Equatable {
  case lost(WorkerLoss)
  case timedOut(worker: WorkerID, limit: Duration)
  case noWorkers(WorkerStartFailure)
  case terminated
}

/// What a worker's frame was found to be.
enum Reception: Equatable {
  /// Deliver the items, without the first `skipping`, which are known already.
  case deliver(skipping: Int)
  /// Nobody waits for them any more, or all are known already.
  case ignore
  /// The worker was not given these items, or has answered them before.
  case violation(String)
}

struct Scheduler<Payload: ChunkPayload> {
  /// A worker's place in the pool. The worker in it may be replaced.
  struct Place {
    enum State: Equatable {
      case vacant
      case launching
      case ready
      /// Was told to go.
      case leaving
      /// Is to be killed, and its running item to end like this.
      case condemned(ItemFailure?)
    }

    var state = State.vacant
    /// Chunks in flight, in the order in which they were sent.
    var queue = Deque<Chunk<Payload>>()
    /// Items that have ended in this worker.
    var position: UInt64 = 0
    /// Items whose end has been read from the pipe; behind `position` where results were copied from the
    /// status page.
    var streamPosition: UInt64 = 0
    /// Estimated work in flight, in nanoseconds; items and bytes in flight.
    var cost: Int64 = 0
    var items = 0
    var bytes = 0
    /// Calls whose task this worker has.
    var calls: Set<UInt32> = []
    /// When the worker last got its first chunk or ended an item.
    var lastProgress: Int64 = 0
    /// Items that ended since that time, each by call, to be accounted for together.
    var unmeasured: [UInt32: Int] = [:]
    /// What was seen of the running item, for its time limit.
    var watch: (position: UInt64, step: UInt64?, since: Int64)?
    /// Workers lost in this place since one of them ended an item.
    var strikes = 0
    /// Chunks that only this place may run.
    var pinned = Deque<Chunk<Payload>>()

    var isAlive: Bool { state != .vacant }

    /// Why the worker is being killed, if that is for the first item that has not ended: the one that it was
    /// condemned for may have ended since.
    var reasonForItem: ItemFailure? {
      guard case .condemned(let reason?) = state, watch.map({ $0.position >= position }) ?? true else {
        return nil
      }
      return reason
    }

    /// Forgets what is in flight.
    mutating func empty() {
      queue.removeAll()
      cost = 0
      items = 0
      bytes = 0
    }
  }

  struct Call {
    let timeout: Duration?
    /// One item, whose task a worker forgets when it has run it.
    let isSingle: Bool
    /// Nanoseconds per item, estimated from what has ended; 0 before that.
    var itemTime: Double
    var pending = Deque<Chunk<Payload>>()
    /// Items and bytes in `pending`.
    var pendingItems = 0
    var pendingBytes = 0
    /// Items in workers, or waiting for one particular worker.
    var inFlight = 0
    var isCancelled = false
    /// Its owner was told that there are too many bytes before the workers.
    var awaitsRoom = false

    mutating func append(_ chunk: Chunk<Payload>) {
      pending.append(chunk)
      pendingItems += chunk.count
      pendingBytes += chunk.payload.byteCount
    }

    mutating func prepend(_ chunk: Chunk<Payload>) {
      pending.prepend(chunk)
      pendingItems += chunk.count
      pendingBytes += chunk.payload.byteCount
    }

    mutating func popPending() -> Chunk<Payload>? {
      guard let chunk = pending.popFirst() else { return nil }
      pendingItems -= chunk.count
      pendingBytes -= chunk.payload.byteCount
      return chunk
    }

    mutating func dropPending() {
      pending.removeAll()
      pendingItems = 0
      pendingBytes = 0
    }
  }

  /// How far the pool is on its way from open to gone.
  enum Life: Equatable { case open, closing, terminating, broken(WorkerStartFailure), stopped }

  /// So many workers in a row may be lost in one place without any item ending there; then it stays empty.
  static var maximumStrikes: Int { 3 }

  private(set) var life = Life.open
  var places: [Place]
  var calls: [UInt32: Call] = [:]
  /// The time limits of those calls that have one, in nanoseconds.
  var timedCalls: [UInt32: Int64] = [:]
  /// Calls with pending chunks, in the order in which they get their turn.
  var turns = Deque<UInt32>()
  var actions: [SchedulerAction<Payload>] = []
  /// Whether any worker has ever greeted: until then a failure to start is the program's fault, not bad luck.
  private(set) var hasGreeted = false
  private var firstStartFailure: WorkerStartFailure?
  var lastCall: UInt32 = 0
  /// Chunks that were given to workers, and how long they had waited for that, in nanoseconds.
  var chunksSent: UInt64 = 0
  var queued: Int64 = 0
  /// Since when a closed pool waits for cancelled calls alone.
  var abandonedSince: Int64?

  init(workers: Int) {
    places = Array(repeating: Place(), count: workers)
  }
}

extension Scheduler {
  /// How many workers have something to do.
  var busyPlaces: Int { places.count { !$0.queue.isEmpty } }
}

// MARK: - The pool's life

extension Scheduler {
  mutating func start() {
    for index in places.indices { launch(index) }
  }

  mutating func launch(_ index: Int) {
    let strikes = places[index].strikes
    let pinned = places[index].pinned
    places[index] = Place()
    places[index].strikes = strikes
    places[index].pinned = pinned
    places[index].state = .launching
    actions.append(.launch(place: index))
  }

  /// No more calls; the workers go when the last call has ended.
  mutating func close() {
    switch life {
    case .open:
      life = .closing
      leaveIfIdle()
    case .broken: stop()
    case .closing, .terminating, .stopped: break
    }
  }

  mutating func leaveIfIdle() {
    guard life == .closing, calls.isEmpty else { return }
    for index in places.indices where places[index].state == .ready {
      places[index].state = .leaving
      actions.append(.sendEnd(place: index))
    }
    stopIfEmpty()
  }

  /// Ends everything now.
  mutating func terminate() {
    switch life {
    case .terminating, .stopped: return
    case .broken: return stop()
    case .open, .closing: life = .terminating
    }
    failEverything(.terminated)
    for index in places.indices where places[index].isAlive { condemn(index, nil) }
    stopIfEmpty()
  }

  mutating func failAll(_ chunks: [Chunk<Payload>], _ failure: ItemFailure) {
    for chunk in chunks where calls[chunk.call]?.isCancelled == false {
      actions.append(
        .fail(call: chunk.call, first: chunk.first + UInt64(chunk.done), count: chunk.remaining, failure))
    }
  }

  /// Every item that has not ended ends like this.
  private mutating func failEverything(_ failure: ItemFailure) {
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

  mutating func condemn(_ index: Int, _ failure: ItemFailure?) {
    if case .condemned = places[index].state { return }
    places[index].state = .condemned(failure)
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
  mutating func greeted(_ index: Int, now: Int64) {
    guard places[index].state == .launching else { return }
    let isFirst = !hasGreeted
    hasGreeted = true
    places[index].state = .ready
    places[index].lastProgress = now
    if life == .closing && calls.isEmpty { return leaveIfIdle() }
    if isFirst {
      // That another could not be started was not the program's fault.
      for other in places.indices where !places[other].isAlive { launch(other) }
    }
    dispatch(now: now)
  }

  /// A worker could not be started, or ended before it had greeted.
  mutating func failedToStart(_ index: Int, _ failure: WorkerStartFailure, now: Int64) {
    firstStartFailure = firstStartFailure ?? failure
    vacate(index, strikes: places[index].strikes + 1)
    guard life == .open || life == .closing else { return stopIfEmpty() }
    // Before any worker has greeted each place is tried once: a program that cannot serve is not run again
    // and again. When one greets after all, the others are tried again.
    if hasGreeted && places[index].strikes < Self.maximumStrikes { return launch(index) }
    breakIfEmpty()
  }

  private mutating func vacate(_ index: Int, strikes: Int) {
    let pinned = places[index].pinned
    places[index] = Place()
    places[index].strikes = strikes
    places[index].pinned = pinned
  }

  /// A worker that had greeted has ended. What it had finished has been reported before this.
  ///
  /// - Parameter progress: the last word of its status page; `nil` if it had none.
  mutating func lost(_ index: Int, progress: StatusPage.Progress?, loss: WorkerLoss, now: Int64) {
    let place = places[index]
    var failure = ItemFailure.lost(loss)
    if let reason = place.reasonForItem { failure = reason }
    let endedItem = giveUpStarted(index, progress: progress, failure)
    returnUnstarted(index, now: now)
    let strikes = endedItem || place.position > 0 ? 0 : place.strikes + 1
    vacate(index, strikes: strikes)
    if place.state == .leaving || life == .terminating { return stopIfEmpty() }
    if life == .closing && calls.isEmpty { return stopIfEmpty() }
    guard life == .open || life == .closing else { return }
    if strikes < Self.maximumStrikes {
      launch(index)
    } else {
      firstStartFailure = firstStartFailure ?? WorkerStartFailure(lostIdle: loss)
    }
    breakIfEmpty()
    dispatch(now: now)
  }

  /// When no worker is left and none will be started, nobody can run what is there or what will come.
  private mutating func breakIfEmpty() {
    if let failure = firstStartFailure, !places.contains(where: \.isAlive) {
      let wasClosing = life == .closing
      life = .broken(failure)
      failEverything(.noWorkers(failure))
      if wasClosing { stop() }
    } else {
      failStranded()
    }
  }

  /// A place that stays empty cannot run what only it may.
  mutating func failStranded() {
    // With the first greeting empty places get another chance.
    if !hasGreeted, places.contains(where: \.isAlive) { return }
    for index in places.indices where !places[index].isAlive && !places[index].pinned.isEmpty {
      let chunks = Array(places[index].pinned)
      places[index].pinned.removeAll()
      for chunk in chunks { calls[chunk.call]!.inFlight -= chunk.count }
      failAll(chunks, .noWorkers(firstStartFailure ?? WorkerStartFailure("its place is empty")))
    }
  }
}

import ProcPoolProtocol

// What the owner of a scheduler asks it.

extension Scheduler {
  var isOpen: Bool { life == .open }

  var workerCount: Int { seats.count }
  /// How many processes there may be at once.
  var placeCount: Int { places.count }
  var callCount: Int { calls.count }
  /// How many calls have items that wait for a worker.
  var pendingCalls: Int { turns.count }

  /// How many workers have something to do.
  var busyPlaces: Int { places.count { !$0.queue.isEmpty } }

  func isLaunching(_ place: PlaceID) -> Bool { places[place].state == .launching }
  func isReady(_ place: PlaceID) -> Bool { places[place].state == .ready }
  func isLeaving(_ place: PlaceID) -> Bool { places[place].state == .leaving }
  func isIdle(_ place: PlaceID) -> Bool { places[place].queue.isEmpty }

  /// Whether the end of the process in a place is a loss: it was neither told to go nor standing by.
  func isLoss(_ place: PlaceID) -> Bool {
    switch places[place].state {
    case .leaving, .standby: false
    case .vacant, .resting, .launching, .ready, .condemned: true
    }
  }

  /// Whether items that run for long are announced.
  var announcesStalls: Bool { stallTime != nil }

  /// How many chunks were given to workers, and how long they had waited for that, together.
  var sent: (chunks: UInt64, queued: Nanoseconds) { (chunksSent, queued) }

  /// The place that a worker is in.
  func place(of worker: WorkerID) -> PlaceID { seats[worker] }

  /// The chunks in flight at a place, in the order in which they were sent.
  func chunks(at place: PlaceID) -> Deque<Chunk<Payload>> { places[place].queue }

  /// How many items and chunks are in flight at a place.
  func holdings(of place: PlaceID) -> (items: Int, chunks: Int) {
    (places[place].items, places[place].queue.count)
  }

  /// How many items have ended, as far as has been read from the pipe of a place.
  func streamPosition(of place: PlaceID) -> UInt64 { places[place].streamPosition }

  /// Why the process in a place is to be killed; `nil` if it is not.
  func condemnation(of place: PlaceID) -> Condemnation? {
    guard case .condemned(let limit) = places[place].state else { return nil }
    return limit == nil ? .other : .timeLimit
  }

  /// What an item of a call takes, in nanoseconds, if any has ended.
  func measuredItemTime(of call: CallID) -> Double? {
    calls[call].flatMap { $0.isMeasured ? $0.itemTime : nil }
  }

  /// How far a call is; `nil` once it is forgotten.
  func progress(of call: CallID) -> (waiting: Int, inFlight: Int, counts: CallCounts)? {
    calls[call].map { ($0.pendingItems, $0.inFlight, $0.counts) }
  }

  /// Whether the items of a call have a time limit.
  func isTimed(_ call: CallID) -> Bool { calls[call]?.limits.shortest != nil }

  /// Whether every item of the call that was accepted so far has ended.
  func hasEnded(_ call: CallID) -> Bool {
    guard let call = calls[call] else { return true }
    return call.inFlight == 0 && call.pendingItems == 0 && call.paused == 0
  }

  /// Whether no more than a few of the call's items are left, all of them with workers.
  func isEnding(_ call: CallID) -> Bool {
    guard let call = calls[call] else { return true }
    return call.pending.isEmpty && call.paused == 0 && call.inFlight <= 2 * seats.count
  }

  /// The place of the worker that has a chunk of the call and nothing else.
  func place(running call: CallID) -> PlaceID? {
    places.firstIndex { $0.queue.count == 1 && $0.queue.first!.call == call }
  }

  /// The places of the workers that have chunks of the call.
  func places(with call: CallID) -> [PlaceID] {
    places.indices.filter { places[$0].queue.contains { $0.call == call } }
  }
}

extension Scheduler {
  var hasActions: Bool { !actions.isEmpty }

  /// Takes what is to be done, in order.
  mutating func takeActions() -> [SchedulerAction<Payload>] {
    defer { actions.removeAll(keepingCapacity: true) }
    return actions
  }
}

/// Why a process is to be killed.
enum Condemnation { case timeLimit, other }

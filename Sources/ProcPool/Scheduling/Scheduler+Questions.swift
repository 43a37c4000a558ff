import ProcPoolProtocol

// The queries that the owner of a scheduler makes.

extension Scheduler {
  var isOpen: Bool { life == .open }

  var workerCount: Int { seats.count }
  /// The maximum number of processes at a time.
  var placeCount: Int { places.count }
  var callCount: Int { calls.count }
  /// The number of calls with pending chunks.
  var pendingCalls: Int { turns.count }

  /// The number of workers with chunks in flight.
  var busyPlaces: Int { places.count { !$0.queue.isEmpty } }

  /// Whether no more than `limit` workers have chunks in flight. It looks no further than it must,
  /// because it is asked for each chunk.
  func hasBusyPlaces(atMost limit: Int) -> Bool {
    if places.count <= limit { return true }
    var busy = 0
    for place in places where !place.queue.isEmpty {
      busy += 1
      if busy > limit { return false }
    }
    return true
  }

  func isLaunching(_ place: PlaceID) -> Bool { places[place].state == .launching }
  func isReady(_ place: PlaceID) -> Bool { places[place].state == .ready }
  func isLeaving(_ place: PlaceID) -> Bool { places[place].state == .leaving }
  func isIdle(_ place: PlaceID) -> Bool { places[place].queue.isEmpty }

  /// Whether the end of the process in a place is a loss: it was neither leaving nor a standby
  /// process.
  func isLoss(_ place: PlaceID) -> Bool {
    switch places[place].state {
    case .leaving, .standby: false
    case .vacant, .resting, .launching, .ready, .condemned: true
    }
  }

  /// Whether long-running items are announced.
  var announcesStalls: Bool { stallTime != nil }

  /// The number of chunks sent to workers, and the total time that they had been pending.
  var sent: (chunks: UInt64, queued: Nanoseconds) { (chunksSent, queued) }

  /// The place of a worker.
  func place(of worker: WorkerID) -> PlaceID { seats[worker] }

  /// The chunks in flight at a place, in the order in which they were sent.
  func chunks(at place: PlaceID) -> Deque<Chunk<Payload>> { places[place].queue }

  /// The number of items and chunks in flight at a place.
  func holdings(of place: PlaceID) -> (items: Int, chunks: Int) {
    (places[place].items, places[place].queue.count)
  }

  /// The number of items that have ended according to the pipe of a place.
  func streamPosition(of place: PlaceID) -> UInt64 { places[place].streamPosition }

  /// The reason for which the process in a place is to be killed; `nil` if it is not.
  func condemnation(of place: PlaceID) -> Condemnation? {
    guard case .condemned(let limit) = places[place].state else { return nil }
    return limit == nil ? .other : .timeLimit
  }

  /// The measured time per item of a call, in nanoseconds; `nil` before any item has ended.
  func measuredItemTime(of call: CallID) -> Double? {
    calls[call].flatMap { $0.isMeasured ? $0.itemTime : nil }
  }

  /// The progress of a call; `nil` once it is forgotten.
  func progress(of call: CallID) -> (waiting: Int, inFlight: Int, counts: CallCounts)? {
    calls[call].map { ($0.pendingItems, $0.inFlight, $0.counts) }
  }

  /// Whether the items of a call have a time limit.
  func isTimed(_ call: CallID) -> Bool { calls[call]?.limits.shortest != nil }

  /// Whether all accepted items of the call have ended.
  func hasEnded(_ call: CallID) -> Bool {
    guard let call = calls[call] else { return true }
    return call.inFlight == 0 && call.pendingItems == 0 && call.paused == 0
  }

  /// Whether only a few items of the call are left, all of them in flight.
  func isEnding(_ call: CallID) -> Bool {
    guard let call = calls[call] else { return true }
    return call.pending.isEmpty && call.paused == 0 && call.inFlight <= 2 * seats.count
  }

  /// The place of the worker that has a chunk of the call in flight and nothing else.
  func place(running call: CallID) -> PlaceID? {
    places.firstIndex { $0.queue.count == 1 && $0.queue.first!.call == call }
  }

  /// The places of the workers with chunks of the call in flight.
  func places(with call: CallID) -> [PlaceID] {
    places.indices.filter { places[$0].queue.contains { $0.call == call } }
  }
}

extension Scheduler {
  var hasActions: Bool { !actions.isEmpty }

  /// Takes the actions to perform, in order.
  mutating func takeActions() -> [SchedulerAction<Payload>] {
    defer { actions.removeAll(keepingCapacity: true) }
    return actions
  }
}

/// The reason for which a process is to be killed.
enum Condemnation { case timeLimit, other }

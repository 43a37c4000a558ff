import ProcPoolProtocol
import ProcPoolWorker

// Processes that are replaced on purpose, and those that stand by to replace them.
//
//   seats[worker] ──▶ place (ready) ──retire──▶ place without a seat (leaving)
//        ▲                                            │
//        │ reseat                                     ▼
//     standby  ◀──────── launching  ◀──────────────  vacant

/// When processes are replaced, and how many stand by.
struct Recycling: Equatable {
  /// How many items a process runs at the most.
  var maximumTasks: UInt64?
  /// For how long a process works.
  var maximumAge: Nanoseconds?
  /// Whether the owner of the scheduler says which processes use too much memory.
  var limitsMemory = false
  /// How many processes stand by; by itself if `nil`.
  var standby: Int?

  /// Whether processes are replaced on purpose at all.
  var isExpected: Bool { maximumTasks != nil || maximumAge != nil || limitsMemory }

  /// How many stand by unless somebody has said so: a quarter of the workers, since starting takes a fraction
  /// of what a process lives for; at least two, so that one is there while the next one starts.
  static func standby(workers: Int) -> Int { min(workers, max(2, workers / 4)) }

  /// One for each worker, and for each process that stands by one more for a process that is on its way out.
  /// At least one to stand by when a worker has been lost.
  static func places(workers: Int, spareTarget: Int) -> Int { workers + max(1, 2 * spareTarget) }
}

extension Scheduler {
  /// Starts as many processes as are to stand by. Three in a row that fail are enough: those who stand by
  /// save time, and are not needed.
  mutating func fillSpares() {
    guard life == .open || life == .closing && !calls.isEmpty, spareFailures < 3 else { return }
    var missing =
      spareTarget - places.count { $0.seat == nil && [.launching, .standby, .resting].contains($0.state) }
    for id in places.indices
    where places[id].seat == nil && places[id].state == .vacant && missing > 0 {
      launch(id)
      missing -= 1
    }
  }

  /// A process has ended that stood by, or was to.
  mutating func loseSpare(_ id: PlaceID) {
    vacate(id, strikes: 0)
    spareFailures += 1
    fillSpares()
    stopIfEmpty()
  }

  /// A process has its seat, and begins to work.
  mutating func takeUp(_ id: PlaceID, now: Instant) {
    places[id].state = .ready
    places[id].begun = now
    places[id].lastProgress = now
    actions.append(.begin(place: id, worker: places[id].seat!))
  }

  /// Gives the seat of a place, in which nobody works any more, to a process that stands by, or else to the
  /// first that will.
  ///
  /// - Parameter anew: whether a process may be started for it in another place.
  /// - Returns: whether there was a place for it.
  mutating func reseat(from id: PlaceID, anew: Bool, now: Instant) -> Bool {
    func first(_ state: Place.State) -> PlaceID? {
      places.firstIndex { $0.seat == nil && $0.state == state }
    }
    guard let other = first(.standby) ?? first(.launching) ?? (anew ? first(.vacant) : nil) else {
      return false
    }
    let seat = places[id].seat!
    seats[seat] = other
    places[other].seat = seat
    places[other].strikes = places[id].strikes
    places[other].pinned = places[id].pinned
    places[id].seat = nil
    places[id].strikes = 0
    places[id].pinned.removeAll()
    switch places[other].state {
    case .standby:
      spareFailures = 0
      takeUp(other, now: now)
    case .vacant: launch(other)
    case .resting, .launching, .ready, .leaving, .condemned: break
    }
    return true
  }

  /// Tells a process that it is not needed any more.
  mutating func leave(_ id: PlaceID) {
    places[id].state = .leaving
    actions.append(.sendEnd(place: id))
  }

  // MARK: - When a process is replaced

  /// How many more items a worker may be given, if that is limited.
  func quota(of id: PlaceID) -> Int? {
    recycling.maximumTasks.map {
      Int(clamping: Int64($0) - Int64(places[id].position) - Int64(places[id].items))
    }
  }

  /// Whether a worker gets nothing more, since its process is about to be replaced.
  func isExhausted(_ id: PlaceID) -> Bool {
    if let quota = quota(of: id), quota <= 0 { return true }
    return places[id].due != nil && places.contains { $0.state == .standby }
  }

  /// Replaces a worker's process if it has nothing left to do and gets nothing more.
  mutating func recycleIfExhausted(_ id: PlaceID, now: Instant) {
    guard places[id].state == .ready, places[id].queue.isEmpty, isExhausted(id) else { return }
    let worker = places[id].seat!
    actions.append(.announce(.workerRecycled(worker, places[id].due ?? .tasks)))
    leave(id)
    _ = reseat(from: id, anew: true, now: now)
    fillSpares()
  }

  /// A process stands by: workers that were waiting for that are replaced when they have run what they hold.
  mutating func replaceThoseDue(now: Instant) {
    for id in places.indices where places[id].due != nil { recycleIfExhausted(id, now: now) }
  }

  /// A worker's process uses more memory than it may.
  mutating func exceededMemory(_ id: PlaceID, now: Instant) {
    guard places[id].state == .ready, places[id].due == nil else { return }
    makeDue(id, .memory, now: now)
  }

  private mutating func makeDue(_ id: PlaceID, _ reason: RecyclingReason, now: Instant) {
    places[id].due = reason
    recycleIfExhausted(id, now: now)
    dispatch(now: now)
  }

  /// When the next process reaches its age, or has had long enough to leave.
  var nextAge: Instant? {
    places.compactMap { place in
      switch place.state {
      case .leaving: place.left.map { $0 + Self.leavingTime } ?? .start
      case .ready where place.due == nil: recycling.maximumAge.map { place.begun + $0 }
      default: nil
      }
    }.min()
  }

  mutating func checkAges(now: Instant) {
    for id in places.indices {
      switch places[id].state {
      case .leaving where places[id].left == nil: places[id].left = now
      case .leaving where now >= places[id].left! + Self.leavingTime: condemn(id)
      case .ready where places[id].due == nil:
        guard let age = recycling.maximumAge, now >= places[id].begun + age else {
          continue
        }
        makeDue(id, .age, now: now)
      default: break
      }
    }
  }

  /// How long a process may take to leave: it has nothing to do but to exit, which runs what
  /// tasks have registered for that.
  static var leavingTime: Nanoseconds { .milliseconds(5_000) }
}

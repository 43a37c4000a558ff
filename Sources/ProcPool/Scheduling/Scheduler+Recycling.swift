import ProcPoolProtocol
import ProcPoolWorker

// Recycling of processes, and the standby processes that replace them.
//
//   seats[worker] ──▶ place (ready) ──retire──▶ place without a seat (leaving)
//        ▲                                            │
//        │ reseat                                     ▼
//     standby  ◀──────── launching  ◀──────────────  vacant

/// When processes are recycled, and the number of standby processes.
struct Recycling: Equatable {
  /// The maximum number of items per process.
  var maximumTasks: UInt64?
  /// The maximum time that a process works.
  var maximumAge: Nanoseconds?
  /// Whether the owner of the scheduler reports processes that exceed their memory limit.
  var limitsMemory = false
  /// The number of standby processes; `nil` for a number chosen by the scheduler.
  var standby: Int?

  /// Whether processes are recycled at all.
  var isExpected: Bool { maximumTasks != nil || maximumAge != nil || limitsMemory }

  /// The default number of standby processes: a quarter of the workers, because a start takes a
  /// fraction of the lifetime of a process; at least two, so that one is ready while the next
  /// one starts.
  static func standby(workers: Int) -> Int { min(workers, max(2, workers / 4)) }

  /// The number of places: one per worker, one per standby process, and one more for each of these
  /// for a process that is leaving. At least one for a standby process after a worker was lost.
  static func places(workers: Int, spareTarget: Int) -> Int { workers + max(1, 2 * spareTarget) }
}

extension Scheduler {
  /// Starts the missing standby processes. Three failures in a row are the limit: standby processes
  /// save time, but are not necessary.
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

  /// Handles the end of a standby process, or of one that failed to start.
  mutating func loseSpare(_ id: PlaceID) {
    vacate(id, strikes: 0)
    spareFailures += 1
    fillSpares()
    stopIfEmpty()
  }

  /// Puts a process that has a seat to work.
  mutating func takeUp(_ id: PlaceID, now: Instant) {
    places[id].state = .ready
    places[id].begun = now
    places[id].lastProgress = now
    actions.append(.begin(place: id, worker: places[id].seat!))
  }

  /// Moves the seat of a place that no longer has a working process to a standby process, or else
  /// to the next one that starts.
  ///
  /// - Parameter anew: whether a process may be started in another place for this.
  /// - Returns: whether the seat was moved.
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

  /// Makes a process exit because it is no longer needed.
  mutating func leave(_ id: PlaceID) {
    places[id].state = .leaving
    actions.append(.sendEnd(place: id))
  }

  // MARK: - Reasons to recycle

  /// The number of further items that a worker may be sent, if that is limited.
  func quota(of id: PlaceID) -> Int? {
    recycling.maximumTasks.map {
      Int(clamping: Int64($0) - Int64(places[id].position) - Int64(places[id].items))
    }
  }

  /// Whether a worker is sent no more chunks because its process is about to be recycled.
  func isExhausted(_ id: PlaceID) -> Bool {
    if let quota = quota(of: id), quota <= 0 { return true }
    return places[id].due != nil && places.contains { $0.state == .standby }
  }

  /// Recycles a worker's process if it is idle and is sent no more chunks.
  mutating func recycleIfExhausted(_ id: PlaceID, now: Instant) {
    guard places[id].state == .ready, places[id].queue.isEmpty, isExhausted(id) else { return }
    let worker = places[id].seat!
    actions.append(.announce(.workerRecycled(worker, places[id].due ?? .tasks)))
    leave(id)
    _ = reseat(from: id, anew: true, now: now)
    fillSpares()
  }

  /// Recycles idle workers that were due but had no standby process to replace them.
  mutating func replaceDue(now: Instant) {
    for id in places.indices where places[id].due != nil { recycleIfExhausted(id, now: now) }
  }

  /// Handles a worker's process that exceeds its memory limit.
  mutating func exceededMemory(_ id: PlaceID, now: Instant) {
    guard places[id].state == .ready, places[id].due == nil else { return }
    makeDue(id, .memory, now: now)
  }

  private mutating func makeDue(_ id: PlaceID, _ reason: RecyclingReason, now: Instant) {
    places[id].due = reason
    recycleIfExhausted(id, now: now)
    dispatch(now: now)
  }

  /// When the next process reaches its maximum age, or exceeds the time to leave.
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

  /// The maximum time that a process may take to leave. It only has to exit, which runs the
  /// handlers that tasks have registered.
  static var leavingTime: Nanoseconds { .milliseconds(5_000) }
}

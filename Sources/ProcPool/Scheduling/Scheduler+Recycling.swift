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
  /// For how long a process works, in nanoseconds.
  var maximumAge: Int64?
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
    for index in places.indices
    where places[index].seat == nil && places[index].state == .vacant && missing > 0 {
      launch(index)
      missing -= 1
    }
  }

  /// A process has ended that stood by, or was to.
  mutating func loseSpare(_ index: Int) {
    vacate(index, strikes: 0)
    spareFailures += 1
    fillSpares()
    stopIfEmpty()
  }

  /// A process has its seat, and begins to work.
  mutating func takeUp(_ index: Int, now: Int64) {
    places[index].state = .ready
    places[index].begun = now
    places[index].lastProgress = now
    actions.append(.begin(place: index, worker: WorkerID(index: places[index].seat!)))
  }

  /// Gives the seat of a place, in which nobody works any more, to a process that stands by, or else to the
  /// first that will.
  ///
  /// - Parameter anew: whether a process may be started for it in another place.
  /// - Returns: whether there was a place for it.
  mutating func reseat(from index: Int, anew: Bool, now: Int64) -> Bool {
    func first(_ state: Place.State) -> Int? {
      places.firstIndex { $0.seat == nil && $0.state == state }
    }
    guard let other = first(.standby) ?? first(.launching) ?? (anew ? first(.vacant) : nil) else {
      return false
    }
    let seat = places[index].seat!
    seats[seat] = other
    places[other].seat = seat
    places[other].strikes = places[index].strikes
    places[other].pinned = places[index].pinned
    places[index].seat = nil
    places[index].strikes = 0
    places[index].pinned.removeAll()
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
  mutating func leave(_ index: Int) {
    places[index].state = .leaving
    actions.append(.sendEnd(place: index))
  }

  // MARK: - When a process is replaced

  /// How many more items a worker may be given, if that is limited.
  func quota(of index: Int) -> Int? {
    recycling.maximumTasks.map {
      Int(clamping: Int64($0) - Int64(places[index].position) - Int64(places[index].items))
    }
  }

  /// Whether a worker gets nothing more, since its process is about to be replaced.
  func isExhausted(_ index: Int) -> Bool {
    if let quota = quota(of: index), quota <= 0 { return true }
    return places[index].due != nil && places.contains { $0.state == .standby }
  }

  /// Replaces a worker's process if it has nothing left to do and gets nothing more.
  mutating func recycleIfExhausted(_ index: Int, now: Int64) {
    guard places[index].state == .ready, places[index].queue.isEmpty, isExhausted(index) else { return }
    let worker = WorkerID(index: places[index].seat!)
    actions.append(.announce(.workerRecycled(worker, places[index].due ?? .tasks)))
    leave(index)
    _ = reseat(from: index, anew: true, now: now)
    fillSpares()
  }

  /// A process stands by: workers that were waiting for that are replaced when they have run what they hold.
  mutating func replaceThoseDue(now: Int64) {
    for index in places.indices where places[index].due != nil { recycleIfExhausted(index, now: now) }
  }

  /// A worker's process uses more memory than it may.
  mutating func exceededMemory(_ index: Int, now: Int64) {
    guard places[index].state == .ready, places[index].due == nil else { return }
    makeDue(index, .memory, now: now)
  }

  private mutating func makeDue(_ index: Int, _ reason: RecyclingReason, now: Int64) {
    places[index].due = reason
    recycleIfExhausted(index, now: now)
    dispatch(now: now)
  }

  /// When the next process reaches its age, or has had long enough to leave.
  var nextAge: Int64? {
    places.compactMap { place in
      switch place.state {
      case .leaving: place.left == 0 ? 0 : place.left.addingSaturating(Self.leavingTime)
      case .ready where place.due == nil: recycling.maximumAge.map { place.begun.addingSaturating($0) }
      default: nil
      }
    }.min()
  }

  mutating func checkAges(now: Int64) {
    for index in places.indices {
      switch places[index].state {
      case .leaving where places[index].left == 0: places[index].left = now
      case .leaving where now >= places[index].left.addingSaturating(Self.leavingTime): condemn(index)
      case .ready where places[index].due == nil:
        guard let age = recycling.maximumAge, now >= places[index].begun.addingSaturating(age) else {
          continue
        }
        makeDue(index, .age, now: now)
      default: break
      }
    }
  }

  /// How long a process may take to leave, in nanoseconds: it has nothing to do but to exit, which runs what
  /// tasks have registered for that.
  static var leavingTime: Int64 { 5_000_000_000 }
}

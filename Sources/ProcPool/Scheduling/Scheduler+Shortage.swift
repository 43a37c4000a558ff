import ProcPoolProtocol
import ProcPoolWorker

// Starts that fail because the system lacks something for the moment: processes, threads, memory, descriptors.
//
// They say nothing of the program, and are tried again as long as the pool lives. Calls wait for a few tries, and then
// fail with the reason; each later call prompts two more.

/// How often, and how soon.
enum Shortage {
  /// So many tries a call waits for: what is lacking for a moment is back within three seconds.
  static let maximumTries = 6
  /// After the first try; then twice as long each time, up to the last. Nanoseconds.
  private static let firstDelay = Nanoseconds.milliseconds(100)
  private static let longestDelay = Nanoseconds.milliseconds(1_600)

  /// How long to wait after the try of this number, from 1.
  static func delay(after tries: Int) -> Nanoseconds {
    min(firstDelay * (1 << min(tries - 1, 10)), longestDelay)
  }
}

extension Scheduler {
  /// No worker could be started in a place for the moment.
  mutating func waitOutShortage(_ id: PlaceID, _ failure: WorkerStartFailure) {
    places[id].shortages = min(places[id].shortages + 1, Shortage.maximumTries)
    places[id].state = .resting
    actions.append(.rest(place: id, Shortage.delay(after: places[id].shortages)))
    lastShortage = failure
    if places[id].isStarved { failIfStarved() }
  }

  /// Calls do not wait for workers that there may never be.
  mutating func failIfStarved() {
    guard let lastShortage, !seats.contains(where: { places[$0].isAlive && !places[$0].isStarved }) else {
      return failStranded()
    }
    failEverything(.noWorkers(lastShortage))
    leaveIfIdle()
  }

  /// Somebody wants something of a pool that has no workers for the moment: perhaps it has them again.
  mutating func promptStarts() {
    guard life == .open || life == .closing, seats.allSatisfy({ !places[$0].isAlive || places[$0].isStarved })
    else { return }
    for id in seats where places[id].isStarved {
      // One more try after this one: a call waits for two.
      places[id].shortages = Shortage.maximumTries - 2
      if places[id].state == .resting { rested(id) }
    }
  }
}

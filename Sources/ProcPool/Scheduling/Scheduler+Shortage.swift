import ProcPoolProtocol
import ProcPoolWorker

// Failures to start a worker because the system temporarily lacks a resource: processes, threads,
// memory, descriptors.
//
// Such failures are not the program's fault, so starts are retried as long as the pool lives. Calls
// wait for a few attempts, and then fail with the reason. Each later call causes two more attempts.

/// The number of attempts, and the delays between them.
enum Shortage {
  /// The number of attempts that a call waits for. A resource that is lacking temporarily is back
  /// within three seconds.
  static let maximumTries = 6
  /// The delay after the first attempt, which doubles with each attempt up to `longestDelay`.
  private static let firstDelay = Nanoseconds.milliseconds(100)
  private static let longestDelay = Nanoseconds.milliseconds(1_600)

  /// The delay after an attempt, counted from 1.
  static func delay(after tries: Int) -> Nanoseconds {
    min(firstDelay * (1 << min(tries - 1, 10)), longestDelay)
  }
}

extension Scheduler {
  /// Handles a temporary failure to start a worker in a place.
  mutating func waitOutShortage(_ id: PlaceID, _ failure: WorkerStartFailure) {
    places[id].shortages = min(places[id].shortages + 1, Shortage.maximumTries)
    places[id].state = .resting
    actions.append(.rest(place: id, Shortage.delay(after: places[id].shortages)))
    lastShortage = failure
    if places[id].isStarved { failIfStarved() }
  }

  /// Fails all calls if no worker can be expected soon.
  mutating func failIfStarved() {
    guard let lastShortage, !seats.contains(where: { places[$0].isAlive && !places[$0].isStarved }) else {
      return failStranded()
    }
    failEverything(.noWorkers(lastShortage))
    leaveIfIdle()
  }

  /// Retries the starts at once on behalf of a new call, if there is no worker because of a
  /// shortage.
  mutating func promptStarts() {
    guard life == .open || life == .closing, seats.allSatisfy({ !places[$0].isAlive || places[$0].isStarved })
    else { return }
    for id in seats where places[id].isStarved {
      // There is one more attempt after the next: a call waits for two.
      places[id].shortages = Shortage.maximumTries - 2
      if places[id].state == .resting { rested(id) }
    }
  }
}

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
  private static let firstDelay: Int64 = 100_000_000
  private static let longestDelay: Int64 = 1_600_000_000

  /// How long to wait after the try of this number, from 1.
  static func delay(after tries: Int) -> Int64 { min(firstDelay << Int64(min(tries - 1, 10)), longestDelay) }
}

extension Scheduler {
  /// No worker could be started in a place for the moment.
  mutating func waitOutShortage(_ index: Int, _ failure: WorkerStartFailure) {
    places[index].shortages = min(places[index].shortages + 1, Shortage.maximumTries)
    places[index].state = .resting
    actions.append(.rest(place: index, Shortage.delay(after: places[index].shortages)))
    lastShortage = failure
    if places[index].isStarved { failIfStarved() }
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
    for index in seats where places[index].isStarved {
      // One more try after this one: a call waits for two.
      places[index].shortages = Shortage.maximumTries - 2
      if places[index].state == .resting { rested(index) }
    }
  }
}

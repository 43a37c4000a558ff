// What the owner of a scheduler asks it.

extension Scheduler {
  var isOpen: Bool { life == .open }

  /// How many workers have something to do.
  var busyPlaces: Int { places.count { !$0.queue.isEmpty } }

  func isLaunching(_ place: Int) -> Bool { places[place].state == .launching }
  func isReady(_ place: Int) -> Bool { places[place].state == .ready }
  func isLeaving(_ place: Int) -> Bool { places[place].state == .leaving }
  func isIdle(_ place: Int) -> Bool { places[place].queue.isEmpty }

  /// Whether the end of the process in a place is a loss: it was neither told to go nor standing by.
  func isLoss(_ place: Int) -> Bool {
    switch places[place].state {
    case .leaving, .standby: false
    case .vacant, .resting, .launching, .ready, .condemned: true
    }
  }

  /// Whether the items of a call have a time limit.
  func isTimed(_ call: UInt32) -> Bool { calls[call]?.limits.timeout != nil }

  /// Whether every item of the call that was accepted so far has ended.
  func hasEnded(_ call: UInt32) -> Bool {
    guard let call = calls[call] else { return true }
    return call.inFlight == 0 && call.pendingItems == 0
  }

  /// Whether no more than a few of the call's items are left, all of them with workers.
  func isEnding(_ call: UInt32) -> Bool {
    guard let call = calls[call] else { return true }
    return call.pending.isEmpty && call.inFlight <= 2 * seats.count
  }

  /// The place of the worker that has a chunk of the call and nothing else.
  func place(running call: UInt32) -> Int? {
    places.firstIndex { $0.queue.count == 1 && $0.queue.first!.call == call }
  }

  /// The places of the workers that have chunks of the call.
  func places(with call: UInt32) -> [Int] {
    places.indices.filter { places[$0].queue.contains { $0.call == call } }
  }
}

import ProcPoolProtocol

// How large chunks are, and how many of them a call's owner is to make. ``Submission`` fits that to what the owner has.

extension Scheduler {
  /// How much more of a call would keep the workers busy. If the limit on pending bytes is reached,
  /// an `askForMore` action follows when there is room.
  mutating func demand(of call: CallID, chunkSize: Int?) -> Demand {
    guard let state = calls[call], !state.isRetired else { return .none }
    if state.pendingBytes > mostPendingBytes {
      calls[known: call].awaitsRoom = true
      return .none
    }
    return demand(of: state, chunkSize: chunkSize)
  }

  /// The demand without regard to bytes. A call with nothing under way gets one for two chunks
  /// per worker.
  func demand(of call: Call, chunkSize: Int?) -> Demand {
    let automatic =
      call.itemTime == 0
      ? 1 : max(1, Int(min(Double(Pacing.chunkTime.count) / call.itemTime, Double(Pacing.chunkItems))))
    let size = chunkSize ?? automatic
    let window =
      call.itemTime == 0
      ? size : max(size, Int(min(Double(Pacing.window.count) / call.itemTime, Double(Pacing.windowItems))))
    // The workers' windows, and the same amount in reserve so that no worker waits for the caller.
    let target = seats.count * 2 * window
    let accepted = call.pendingItems + call.inFlight + max(0, call.paused - Self.mostPaused)
    let together =
      call.itemTime == 0
      ? 1
      : max(1, Int(min(Double(Pacing.togetherTime.count) / call.itemTime, Double(Pacing.windowItems / 8))))
    return Demand(items: max(0, target - accepted), chunkSize: size, together: together)
  }
}

/// How much more of a call would keep the workers busy.
struct Demand: Equatable {
  var items: Int
  /// The size of an automatically sized chunk, or the given size.
  var chunkSize: Int
  /// The maximum number of items of shorter chunks that are scheduled together.
  var together: Int

  static let none = Demand(items: 0, chunkSize: 1, together: 1)
}

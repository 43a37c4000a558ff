import ProcPoolProtocol
import ProcPoolSystem

// Retries after a pause, for items whose task has thrown. A paused item does not occupy a worker or
// block its call.

extension Scheduler {
  /// A paused item, and the end of its pause.
  struct Pause {
    let until: Instant
    let chunk: Chunk<Payload>
  }

  /// The number of paused items of a call that do not count against its demand: the same number
  /// that a worker may hold.
  static var mostPaused: Int { Pacing.windowItems }

  /// Pauses the first item of a worker, whose task has thrown, if the call allows another attempt.
  ///
  /// - Returns: whether the item is paused; otherwise it has ended.
  mutating func pauseFirst(of id: PlaceID, now: Instant) -> Bool {
    let front = places[id].queue.first!
    let call = calls[known: front.call]
    guard let backoff = call.limits.backoff, !call.isRetired, life == .open || life == .closing,
      front.throwCount + 1 < backoff.maximumAttempts
    else { return false }
    var chunk = front.attempts(ofFirst: 1)[0]
    chunk.throwCount += 1
    let pause = Nanoseconds(
      backoff.pause(after: chunk.throwCount, random: Self.random(for: chunk)))
    insert(Pause(until: now + pause, chunk: chunk))
    calls[known: front.call].paused += 1
    let item = ItemID(call: chunk.call, index: Int(clamping: chunk.first.value))
    actions.append(.announce(.itemRetried(item, attempt: chunk.attempt)))
    return true
  }

  /// Makes the items whose pause has ended pending again.
  mutating func endPauses(now: Instant) {
    var due: [Chunk<Payload>] = []
    while let pause = pauses.last, pause.until <= now {
      pauses.removeLast()
      calls[known: pause.chunk.call].paused -= 1
      due.append(pause.chunk)
    }
    guard !due.isEmpty else { return }
    giveBack(due, now: now)
    failStranded()
    dispatch(now: now)
  }

  /// The earliest end of a pause.
  var nextPauseEnd: Instant? { pauses.last?.until }

  /// Drops the paused items of a retired call.
  mutating func dropPauses(of call: CallID) {
    guard calls[known: call].paused > 0 else { return }
    pauses.removeAll { $0.chunk.call == call }
    calls[known: call].paused = 0
  }

  /// Fails all paused items, because no more items will run.
  mutating func failPauses(_ failure: ItemFailure) {
    let chunks = pauses.map(\.chunk)
    pauses.removeAll()
    for chunk in chunks { calls[known: chunk.call].paused = 0 }
    failAll(chunks, failure)
  }

  /// Inserts a pause in order, the earliest end last.
  private mutating func insert(_ pause: Pause) {
    var low = 0
    var high = pauses.count
    while low < high {
      let middle = (low + high) / 2
      if pauses[middle].until > pause.until { low = middle + 1 } else { high = middle }
    }
    pauses.insert(pause, at: low)
  }

  /// A number from 0 up to 1, different for each attempt at each item and the same in every run
  /// (the finaliser of SplitMix64).
  private static func random(for chunk: Chunk<Payload>) -> Double {
    var bits = UInt64(chunk.call.number) << 32 ^ chunk.first.value ^ UInt64(chunk.attempt) << 56
    bits &+= 0x9E37_79B9_7F4A_7C15
    bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
    return Double((bits ^ bits >> 31) >> 11) / Double(UInt64(1) << 53)
  }
}

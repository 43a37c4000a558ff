import ProcPoolProtocol
import ProcPoolWorker

// Work that waits in one worker while another has none.
//
// A worker gets some work before it has ended what it has, by an estimate of how long that takes: so it need
// not wait for the coordinator. Some items take longer than all estimates. When another worker has nothing
// left to do, what waits is taken back, and divided among those who can begin it at once.

/// What can be seen of a worker without asking it.
struct WorkerSight: Equatable {
  /// `nil` where it has no page.
  var progress: StatusPage.Progress?
  /// Bytes that its pipe has taken: a long frame is on its way for a while.
  var written: UInt64
}

extension Scheduler {
  /// Work that is over sooner than this is not worth taking back: that costs some twenty microseconds of the
  /// worker who has it, and of the coordinator. Whoever is at one item for as long is looked after, too.
  /// Nanoseconds.
  static var worthSharing: Nanoseconds { Nanoseconds(200_000) }
  /// The same where every processor has a worker to run: whoever does not get on may be waiting for one, and
  /// so would the other. Nanoseconds.
  private static var worthSharingWhenBusy: Nanoseconds { .milliseconds(16) }
  /// How long nothing may be heard from a worker before it gets no more, and what it has not begun at all goes
  /// to others: three times the longest interval at which results are fetched from busy workers, 64 ms. With
  /// less, one that computes and has not written its results yet would be taken for one that is held up
  /// (measured: a tenth of the items per second). Nanoseconds.
  static var longestSilence: Nanoseconds { .milliseconds(200) }

  /// Whether the worker has been at the same item, by all that is known, for longer than what it was given
  /// should take.
  func isHeldUp(_ id: PlaceID, now: Instant) -> Bool {
    guard !places[id].queue.isEmpty else { return false }
    return places[id].isStuck || now - places[id].lastProgress >= Self.longestSilence
  }

  /// Whether another call's items are before the worker than those of this call.
  func isBehindAnotherCall(_ call: CallID, at id: PlaceID) -> Bool {
    places[id].queue.first.map { $0.call != call } ?? false
  }

  /// How many workers have nothing to do, and could have.
  var freeWorkers: Int {
    places.indices.count { places[$0].state == .ready && places[$0].queue.isEmpty && !isExhausted($0) }
  }

  /// Whether the worker may have something that others could run.
  private func mayHaveTooMuch(_ id: PlaceID) -> Bool {
    places[id].items > 0 && places[id].state == .ready && places[id].canGiveBack
  }

  /// In how many nanoseconds it should be looked whether some have too much to do and others nothing; `nil` if
  /// that is not so.
  ///
  /// - Complexity: O(workers).
  var timeToShare: Nanoseconds? {
    var most = 0
    for id in places.indices where mayHaveTooMuch(id) { most = max(most, places[id].items) }
    guard most > 0, freeWorkers > 0 else { return nil }
    // A worker keeps the only item that it has unless it does not even begin it.
    return most > 1 ? leastWorthSharing : Self.longestSilence
  }

  private var leastWorthSharing: Nanoseconds {
    busyPlaces < processors ? Self.worthSharing : Self.worthSharingWhenBusy
  }

  /// Takes back what waits in workers, if others have nothing to do: from those who have more before them than
  /// is worth the effort, and those who do not get on.
  ///
  /// - Complexity: O(workers), and O(chunks) for each that has some before it.
  mutating func share(now: Instant, _ look: (PlaceID) -> WorkerSight) {
    let free = freeWorkers
    guard free > 0 else { return }
    let least = leastWorthSharing
    var slow: [PlaceID] = []
    for id in places.indices where mayHaveTooMuch(id) {
      let seen = look(id)
      if places[id].look?.seen != seen { places[id].look = (seen, now) }
      let rest = now - places[id].look!.since
      // What a worker is still being sent, or about to begin, stays: else a long frame could go from one to the
      // other for ever, and never come to its end. So each gets on with one item at least before it loses others.
      let isIdle = seen.progress?.phase == .idle
      places[id].isStuck = rest >= (isIdle ? Self.longestSilence : least)
      if isIdle && !places[id].isStuck { continue }
      let position = max(seen.progress?.position ?? 0, places[id].position)
      let begun = position - places[id].position &+ (isIdle ? 0 : 1)
      guard let time = waitingTime(id, after: begun) else { continue }
      if places[id].isStuck || time >= least { slow.append(id) }
    }
    for id in slow.prefix(free) { actions.append(.takeBack(place: id)) }
  }

  /// How long what a worker has not begun would take it, by estimate; `nil` if nothing of that is others' to
  /// run.
  private func waitingTime(_ id: PlaceID, after begun: UInt64) -> Nanoseconds? {
    var begun = begun
    var time: Double?
    for chunk in places[id].queue {
      let waiting = chunk.remaining - Int(min(begun, UInt64(chunk.remaining)))
      begun -= min(begun, UInt64(chunk.remaining))
      if waiting > 0, chunk.seat == nil {
        time = (time ?? 0) + Double(waiting) * calls[known: chunk.call].itemTime
      }
    }
    return time.map { Nanoseconds(estimate: $0) }
  }

  /// Parts of what was taken back, one for each worker who has nothing to do and one for who had it, unless
  /// they would be too short for that.
  func parts(of chunk: Chunk<Payload>) -> [Chunk<Payload>] {
    let itemTime = max(1, calls[known: chunk.call].itemTime)
    let least = max(1, Int(min(Double((Self.worthSharing / 4).count) / itemTime, 1e9)))
    let count = min(freeWorkers + 1, chunk.count / least)
    // Parts are copies, and are made under the pool's lock.
    guard count > 1, chunk.seat == nil, chunk.payload.byteCount <= Pacing.windowBytes else { return [chunk] }
    var parts: [Chunk<Payload>] = []
    var rest = chunk
    for left in stride(from: count, to: 1, by: -1) {
      let (first, others) = rest.split(after: rest.count / left)
      parts.append(first)
      rest = others
    }
    return parts + [rest]
  }
}

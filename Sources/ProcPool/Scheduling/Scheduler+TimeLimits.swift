import ProcPoolProtocol

// What is due by the clock: time limits of items and calls, stalls, and cancelled items that keep running.

extension Scheduler {
  /// Whether the deadline of a call has passed.
  func isDeadlineOver(now: Instant) -> Bool { expiries.values.contains { now >= $0 } }

  /// Performs what is due at this time: condemns workers whose items have exceeded their time
  /// limit, ends calls whose deadline has passed, and ends workers that keep running items of
  /// retired calls.
  ///
  /// The time of an item counts from when it was first seen running. The work for the call before
  /// it, decoding the task and `prepare`, has a separate limit. Time without a check, because this
  /// process was stopped, does not count. A worker that has not started any of its items counts as
  /// running the first.
  mutating func checkClock(now: Instant, _ look: (PlaceID) -> WorkerSnapshot) {
    for (call, expiry) in expiries where now >= expiry { expire(call, now: now) }
    endPauses(now: now)
    checkAges(now: now)
    rebalance(now: now, look)
    for id in places.indices where places[id].state == .ready {
      endCancelled(id, now: now)
      guard let front = places[id].queue.first else {
        places[id].watch = nil
        continue
      }
      let limits = calls[known: front.call].limits
      guard limits.shortest != nil || stallTime != nil else { continue }
      let seen = look(id).progress
      let position = max(seen?.position ?? 0, places[id].position)
      let isPreparation = seen?.phase == .preparing
      guard let watch = places[id].watch, watch.position == position, watch.step == seen?.step,
        watch.isPreparation == isPreparation
      else {
        places[id].watch = Place.Watch(
          position: position, step: seen?.step, isPreparation: isPreparation, now: now)
        continue
      }
      let elapsed = places[id].watch!.elapsed(now: now)
      if let stallTime, elapsed >= stallTime { announceStall(id, elapsed: elapsed) }
      if let limit = limits.limit(isPreparation: isPreparation), elapsed >= Nanoseconds(limit) {
        condemn(id, timeLimit: limit)
      }
    }
  }

  /// Announces once that an item has been running for long.
  private mutating func announceStall(_ id: PlaceID, elapsed: Nanoseconds) {
    let place = places[id]
    guard let watch = place.watch, !watch.isAnnounced else { return }
    places[id].watch!.isAnnounced = true
    guard let stalled = item(at: watch.position, step: watch.step, of: id) else { return }
    let worker = place.seat!
    actions.append(.announce(.itemStalled(stalled, worker, elapsed: .nanoseconds(elapsed.count), stack: [])))
  }

  /// The item at a position in the worker's order, if it is in flight there.
  func item(at position: UInt64, step: UInt64?, of id: PlaceID) -> ItemID? {
    let place = places[id]
    guard position >= place.position else { return nil }
    var offset = position - place.position
    for chunk in place.queue {
      if offset < UInt64(chunk.remaining) {
        let item = step ?? (chunk.first + chunk.done).value &+ offset
        return ItemID(call: chunk.call, index: Int(clamping: item))
      }
      offset -= UInt64(chunk.remaining)
    }
    return nil
  }

  /// The time until the next check of the clock, or `nil` if nothing depends on the time: an eighth
  /// of the shortest limit, which is the accuracy of limits.
  func patience(now: Instant) -> Nanoseconds? {
    var shortest = timedCalls.values.min()
    let runsCancelled = places.contains { $0.state == .ready && isRetired($0.queue.first) }
    if runsCancelled { shortest = min(shortest ?? .max, Nanoseconds(grace.shortest)) }
    if let stallTime, busyPlaces > 0 { shortest = min(shortest ?? .max, stallTime) }
    var patience = shortest.map { max(.milliseconds(1), min($0 / 8, .milliseconds(100))) }
    if let time = timeUntilRebalancing { patience = min(patience ?? .max, time) }
    for instant in [expiries.values.min(), nextAge, nextPauseEnd].compactMap(\.self) {
      patience = min(patience ?? .max, max(.zero, instant - now))
    }
    return patience
  }

  private func isRetired(_ chunk: Chunk<Payload>?) -> Bool {
    chunk.map { calls[known: $0.call].isRetired } ?? false
  }

  private mutating func expire(_ call: CallID, now: Instant) {
    expiries[call] = nil
    guard let state = calls[call], !state.isRetired, let limit = state.limits.deadline else { return }
    actions.append(.expire(call: call, limit: limit))
    retire(call, now: now)
  }

  /// Ends a worker that runs items of a retired call: it is notified at once, asked to end if that
  /// has no effect for a while, and then killed. No other call has items in flight there, because
  /// of `isAvailable`.
  private mutating func endCancelled(_ id: PlaceID, now: Instant) {
    guard let front = places[id].queue.first, calls[known: front.call].isRetired else {
      places[id].cancellation = nil
      return
    }
    guard let cancellation = places[id].cancellation, cancellation.call == front.call else {
      places[id].cancellation = (front.call, now, false)
      return
    }
    let time = now - cancellation.since
    let beforeTermination = Nanoseconds(grace.beforeTermination)
    if time >= beforeTermination + Nanoseconds(grace.beforeKill) {
      condemn(id)
    } else if time >= beforeTermination, !cancellation.isTerminated {
      places[id].cancellation!.isTerminated = true
      actions.append(.terminate(place: id))
    }
  }
}

import ProcPoolProtocol
import ProcPoolWorker

// Results of workers, and the chunks of lost workers.

extension Scheduler {
  /// Handles a worker's report that items have ended.
  ///
  /// - Parameters:
  ///   - position: the position of the first of them in the worker's order; `nil` for results from
  ///     the pipe, which are in order.
  ///   - thrownAt: the time, if the report is about a single item whose task threw.
  mutating func received(
    _ id: PlaceID, call: CallID, first: ItemIndex, count: Int, position: UInt64? = nil,
    thrownAt: Instant? = nil
  ) -> Receipt {
    let start = position ?? places[id].streamPosition
    let known = places[id].position
    // A gap: earlier results are still in the pipe, and will be read first.
    guard start <= known else { return .ignore }
    let skipped = Int(min(known - start, UInt64(count)))
    if skipped == count {
      if position == nil { places[id].streamPosition += UInt64(count) }
      return .ignore
    }
    // A worker may send any numbers; one that overflows matches no item.
    if let violation = mismatch(id, call: call, first: first + skipped, count: count - skipped) {
      // Late answers of a worker that is being killed are dropped.
      if case .condemned = places[id].state { return .ignore }
      return .violation(violation)
    }
    var left = count - skipped
    let comesAgain = left == 1 && thrownAt.map { pauseFirst(of: id, now: $0) } ?? false
    if !comesAgain { calls[known: call].counts.ended += UInt64(left) }
    while left > 0 {
      let ended = min(left, places[id].queue.first!.remaining)
      endFront(id, items: ended)
      left -= ended
    }
    if position == nil { places[id].streamPosition += UInt64(count) }
    places[id].unmeasured[call, default: 0] += count - skipped
    places[id].strikes = 0
    let isWanted = calls[call]?.isRetired == false && !comesAgain
    forgetIfDone(call)
    return isWanted ? .deliver(skipping: skipped) : .ignore
  }

  /// The front chunk of a worker, if an item is the next one of it.
  ///
  /// - Parameter position: the position of the item in the worker's order; `nil` for results from
  ///   the pipe.
  func firstChunk(
    of id: PlaceID, ifAt item: ItemIndex, of call: CallID, position: UInt64?
  ) -> Chunk<Payload>? {
    guard let chunk = places[id].queue.first, chunk.call == call,
      chunk.first + chunk.done == item,
      position ?? places[id].streamPosition == places[id].position
    else { return nil }
    return chunk
  }

  /// The reason why items are not the next ones of a worker; `nil` if they are. Checked before any
  /// of them ends, so that an answer that is wrong at its end has no effect on the items at its
  /// beginning.
  private func mismatch(_ id: PlaceID, call: CallID, first: ItemIndex, count: Int) -> String? {
    var item = first
    var left = count
    var offset = 0
    while left > 0 {
      guard offset < places[id].queue.count else {
        return "it answered item \(item.value) of \(call), but has no items"
      }
      let chunk = places[id].queue[offset]
      let expected = chunk.first + chunk.done
      guard chunk.call == call, expected == item else {
        return
          "it answered item \(item.value) of \(call), but item \(expected.value) of \(chunk.call) is next"
      }
      item = item + chunk.remaining
      left -= chunk.remaining
      offset += 1
    }
    return nil
  }

  /// Removes ended items from the front of a worker's queue, whatever their result.
  private mutating func endFront(_ id: PlaceID, items: Int) {
    let front = places[id].queue.first!
    calls[known: front.call].inFlight -= items
    places[id].position += UInt64(items)
    places[id].items -= items
    places[id].isStuck = false
    if items == front.remaining {
      places[id].queue.popFirst()
      places[id].cost -= front.cost
      places[id].bytes -= front.payload.byteCount
    } else {
      places[id].queue[0].done += items
    }
  }

  /// Updates the estimates from the items that ended since the last measurement, then dispatches.
  mutating func measure(_ id: PlaceID, now: Instant) {
    let ended = places[id].unmeasured
    guard !ended.isEmpty else { return }
    places[id].unmeasured.removeAll(keepingCapacity: true)
    let elapsed = Double(max(1, (now - places[id].lastProgress).count))
    places[id].lastProgress = now
    var expected = 0.0
    var items = 0
    for (call, count) in ended {
      expected += (calls[call]?.itemTime ?? 0) * Double(count)
      items += count
    }
    for call in ended.keys {
      guard let old = calls[call]?.itemTime else { continue }
      // In proportion to each call's estimate; without estimates, all items alike.
      let measured = old > 0 && expected > 0 ? old * elapsed / expected : elapsed / Double(items)
      // Weighted by one half, the estimate follows a change within two or three chunks. The first
      // items take longer than later ones, because workers wake up and decode the task: such an
      // estimate must not slow the call down.
      let weight = measured < old && items >= 8 ? 0.9 : 0.5
      // The first measurement of the call replaces the estimate from an earlier call.
      calls[known: call].itemTime = calls[known: call].isMeasured ? old + weight * (measured - old) : measured
      calls[known: call].isMeasured = true
    }
    recycleIfExhausted(id, now: now)
    dispatch(now: now)
  }

  /// Handles a take-back: the worker's gate is closed, and its unclaimed items are returned.
  ///
  /// - Parameters:
  ///   - position: the position of the first returned item in the worker's order.
  ///   - epoch: the epoch of the gate, for the frame that reopens it.
  mutating func tookBack(_ id: PlaceID, position: UInt64, epoch: UInt64, now: Instant) {
    var kept = Deque<Chunk<Payload>>()
    var back: [Chunk<Payload>] = []
    var next = places[id].position
    for chunk in places[id].queue {
      let stays = position > next ? Int(min(position - next, UInt64(chunk.remaining))) : 0
      next += UInt64(chunk.remaining)
      if stays == chunk.remaining {
        kept.append(chunk)
        continue
      }
      let returned = chunk.rest(without: stays)
      if calls[known: chunk.call].isSingle { actions.append(.sendEndCall(place: id, call: chunk.call)) }
      places[id].items -= returned.count
      calls[known: chunk.call].inFlight -= returned.count
      if stays > 0 {
        var staying = chunk
        staying.count = chunk.done + stays
        staying.isCut = true
        staying.cost = chunk.cost / chunk.remaining * stays
        places[id].cost -= chunk.cost - staying.cost
        kept.append(staying)
      } else {
        places[id].cost -= chunk.cost
        places[id].bytes -= chunk.payload.byteCount
      }
      if !calls[known: chunk.call].isRetired { back += parts(of: returned) }
    }
    places[id].queue = kept
    // The worker keeps its running item, whose time continues to count.
    if let watch = places[id].watch, watch.position >= position { places[id].watch = nil }
    actions.append(.sendResume(place: id, epoch: epoch))
    cancelRunning(id)
    giveBack(back, now: now)
    for call in Array(calls.keys) { forgetIfDone(call) }
    recycleIfExhausted(id, now: now)
    dispatch(now: now)
  }

  /// Makes chunks pending again at their original places, in order, before chunks that followed
  /// them.
  mutating func giveBack(_ chunks: [Chunk<Payload>], now: Instant) {
    for var chunk in chunks.reversed() {
      chunk.accepted = now
      if let seat = chunk.seat {
        places[seats[seat]].pinned.prepend(chunk)
        calls[known: chunk.call].inFlight += chunk.count
      } else {
        if calls[known: chunk.call].pending.isEmpty { turns.append(chunk.call) }
        calls[known: chunk.call].counts.noteGivenBack()
        calls[known: chunk.call].prepend(chunk)
      }
    }
  }

  // MARK: Losses

  /// Ends the items that a lost worker had started, or prepares another attempt at them.
  ///
  /// All items up to the running one have started. Committed ones were reported before, unless the
  /// worker had no page to find them on. An item is retried only if its call allows another
  /// attempt.
  ///
  /// - Returns: whether any item had started, the running item, if it is known, and the chunks of
  ///   further attempts.
  mutating func giveUpStarted(
    _ id: PlaceID, progress: StatusPage.Progress?, _ loss: WorkerLoss, now: Instant
  ) -> (any: Bool, culprit: ItemID?, again: [Chunk<Payload>]) {
    let place = places[id]
    guard !place.queue.isEmpty else { return (false, nil, []) }
    let exceeded = place.exceededLimit
    let failure = exceeded.map { ItemFailure.timedOut(loss, limit: $0) } ?? .lost(loss)
    var started = 1
    if let progress {
      started = Int(clamping: Int64(progress.position) - Int64(place.position))
      if progress.phase == .running || progress.phase == .preparing { started += 1 }
      // A worker that was killed for an item has started it, even if it was stopped before it
      // recorded that.
      if exceeded != nil { started = max(1, started) }
    }
    let hadBegun = started > 0
    var culprit: ItemID?
    var again: [Chunk<Payload>] = []
    while started > 0, let front = places[id].queue.first {
      let count = min(started, front.remaining)
      let call = calls[known: front.call]
      // An item that timed out may have reached another step before it was killed.
      let seen = exceeded == nil ? progress?.step : place.watch?.step ?? progress?.step
      let isKnown = count == 1 && count == started
      var trace = ItemTrace(attempt: front.attempt, elapsed: now - place.lastProgress)
      if isKnown {
        trace.step = seen
        trace.isPreparation =
          exceeded == nil ? progress?.phase == .preparing : place.watch?.isPreparation ?? false
        culprit = ItemID(call: front.call, index: Int(clamping: seen ?? (front.first + front.done).value))
        if let watch = place.watch, watch.position == place.position {
          trace.elapsed = min(trace.elapsed, now - watch.since)
        }
      }
      if !call.isRetired {
        if front.attempt - front.throwCount < call.limits.attempts {
          again += front.attempts(ofFirst: count)
          for chunk in again.suffix(count) {
            let item = ItemID(call: chunk.call, index: Int(clamping: chunk.first.value))
            actions.append(.announce(.itemRetried(item, attempt: chunk.attempt)))
          }
        } else {
          calls[known: front.call].counts.ended += UInt64(count)
          actions.append(
            .fail(call: front.call, first: front.first + front.done, count: count, trace, failure))
        }
      }
      endFront(id, items: count)
      started -= count
    }
    for call in Set(place.queue.map(\.call)) { forgetIfDone(call) }
    return (hadBegun, culprit, again)
  }

  /// Takes back all unstarted chunks of a lost worker.
  mutating func returnUnstarted(_ id: PlaceID, now: Instant) {
    let chunks = Array(places[id].queue)
    places[id].empty()
    for chunk in chunks { calls[known: chunk.call].inFlight -= chunk.remaining }
    let wanted = chunks.filter { !calls[known: $0.call].isRetired }
    giveBack(wanted.map { $0.rest() }, now: now)
    for call in Set(chunks.map(\.call)) { forgetIfDone(call) }
  }

  // MARK: Time limits

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
    share(now: now, look)
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
      if let stallTime, elapsed >= stallTime { tellOfStall(id, elapsed: elapsed) }
      if let limit = limits.limit(isPreparation: isPreparation), elapsed >= Nanoseconds(limit) {
        condemn(id, timeLimit: limit)
      }
    }
  }

  /// Announces once that an item has been running for long.
  private mutating func tellOfStall(_ id: PlaceID, elapsed: Nanoseconds) {
    let place = places[id]
    guard let watch = place.watch, !watch.isTold else { return }
    places[id].watch!.isTold = true
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
    if let time = timeToShare { patience = min(patience ?? .max, time) }
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

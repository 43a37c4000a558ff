import ProcPoolProtocol
import ProcPoolWorker

// What workers did, and what becomes of the chunks of those that are lost.

extension Scheduler {
  /// Items have ended in a worker, by its word.
  ///
  /// - Parameter position: where in the worker's order the first of them stands; `nil` for what comes through
  ///   the pipe, which is in order.
  mutating func received(
    _ index: Int, call: UInt32, first: UInt64, count: Int, position: UInt64? = nil
  ) -> Reception {
    let start = position ?? places[index].streamPosition
    let known = places[index].position
    // A gap: what came before is still in the pipe, and will be read first.
    guard start <= known else { return .ignore }
    let skipped = Int(min(known - start, UInt64(count)))
    if skipped == count {
      if position == nil { places[index].streamPosition += UInt64(count) }
      return .ignore
    }
    // A worker may say anything; a number that overflows matches no item.
    if let violation = mismatch(index, call: call, first: first &+ UInt64(skipped), count: count - skipped) {
      // Of a worker that is being killed, what it answers late is nobody's any more.
      if case .condemned = places[index].state { return .ignore }
      return .violation(violation)
    }
    var left = count - skipped
    calls[call]!.counts.ended += UInt64(left)
    while left > 0 {
      let ended = min(left, places[index].queue.first!.remaining)
      endFront(index, items: ended)
      left -= ended
    }
    if position == nil { places[index].streamPosition += UInt64(count) }
    places[index].unmeasured[call, default: 0] += count - skipped
    places[index].strikes = 0
    let isWanted = calls[call]?.isRetired == false
    forgetIfDone(call)
    return isWanted ? .deliver(skipping: skipped) : .ignore
  }

  /// The chunk that a worker is on, if an item is the one of it that comes next.
  ///
  /// - Parameter position: where in the worker's order the item stands; `nil` for what comes through the pipe.
  func firstChunk(
    of index: Int, ifAt item: UInt64, of call: UInt32, position: UInt64?
  ) -> Chunk<Payload>? {
    guard let chunk = places[index].queue.first, chunk.call == call,
      chunk.first + UInt64(chunk.done) == item,
      position ?? places[index].streamPosition == places[index].position
    else { return nil }
    return chunk
  }

  /// Why items are not those that a worker has before it; `nil` if they are. Looked at before any of them
  /// ends: an answer that is wrong at its end must not end what it begins with.
  private func mismatch(_ index: Int, call: UInt32, first: UInt64, count: Int) -> String? {
    var item = first
    var left = count
    var offset = 0
    while left > 0 {
      guard offset < places[index].queue.count else {
        return "it answers item \(item) of call \(call), and has nothing to do"
      }
      let chunk = places[index].queue[offset]
      let expected = chunk.first + UInt64(chunk.done)
      guard chunk.call == call, expected == item else {
        return
          "it answers item \(item) of call \(call), where item \(expected) of call \(chunk.call) comes next"
      }
      item &+= UInt64(chunk.remaining)
      left -= chunk.remaining
      offset += 1
    }
    return nil
  }

  /// Items at the front of a worker's queue have ended, in whatever way.
  private mutating func endFront(_ index: Int, items: Int) {
    let front = places[index].queue.first!
    calls[front.call]!.inFlight -= items
    places[index].position += UInt64(items)
    places[index].items -= items
    places[index].isStuck = false
    if items == front.remaining {
      places[index].queue.popFirst()
      places[index].cost -= front.cost
      places[index].bytes -= front.payload.byteCount
    } else {
      places[index].queue[0].done += items
    }
  }

  /// Learns from what was received since the last time, then gives the worker more.
  mutating func measure(_ index: Int, now: Int64) {
    let ended = places[index].unmeasured
    guard !ended.isEmpty else { return }
    places[index].unmeasured.removeAll(keepingCapacity: true)
    let elapsed = Double(max(1, now - places[index].lastProgress))
    places[index].lastProgress = now
    var expected = 0.0
    var items = 0
    for (call, count) in ended {
      expected += (calls[call]?.itemTime ?? 0) * Double(count)
      items += count
    }
    for call in ended.keys {
      guard let old = calls[call]?.itemTime else { continue }
      // In proportion to what was expected of each call; where nothing was, all items alike.
      let measured = old > 0 && expected > 0 ? old * elapsed / expected : elapsed / Double(items)
      // Half and half: two or three chunks after a change the estimate has followed it. The first items take
      // longer than others, since workers wake up and get to know the task: such an estimate must not hold the
      // call up.
      let weight = measured < old && items >= 8 ? 0.9 : 0.5
      // What an earlier call's items took says less than that.
      calls[call]!.itemTime = calls[call]!.isMeasured ? old + weight * (measured - old) : measured
      calls[call]!.isMeasured = true
    }
    recycleIfExhausted(index, now: now)
    dispatch(now: now)
  }

  /// The worker's gate is closed; what it had not claimed is back.
  ///
  /// - Parameters:
  ///   - position: the first item that is back, in the worker's order.
  ///   - epoch: the gate's, for the frame that opens it again.
  mutating func tookBack(_ index: Int, position: UInt64, epoch: UInt64, now: Int64) {
    var kept = Deque<Chunk<Payload>>()
    var back: [Chunk<Payload>] = []
    var next = places[index].position
    for chunk in places[index].queue {
      let stays = position > next ? Int(min(position - next, UInt64(chunk.remaining))) : 0
      next += UInt64(chunk.remaining)
      if stays == chunk.remaining {
        kept.append(chunk)
        continue
      }
      let returned = chunk.rest(without: stays)
      if calls[chunk.call]!.isSingle { actions.append(.sendEndCall(place: index, call: chunk.call)) }
      places[index].items -= returned.count
      calls[chunk.call]!.inFlight -= returned.count
      if stays > 0 {
        var staying = chunk
        staying.count = chunk.done + stays
        staying.isCut = true
        staying.cost = chunk.cost / Int64(chunk.remaining) * Int64(stays)
        places[index].cost -= chunk.cost - staying.cost
        kept.append(staying)
      } else {
        places[index].cost -= chunk.cost
        places[index].bytes -= chunk.payload.byteCount
      }
      if !calls[chunk.call]!.isRetired { back += parts(of: returned) }
    }
    places[index].queue = kept
    // What the worker is running it keeps, and the time that it has taken.
    if let watch = places[index].watch, watch.position >= position { places[index].watch = nil }
    actions.append(.sendResume(place: index, epoch: epoch))
    cancelRunning(index)
    giveBack(back, now: now)
    for call in Array(calls.keys) { forgetIfDone(call) }
    recycleIfExhausted(index, now: now)
    dispatch(now: now)
  }

  /// Puts chunks back to where they came from, in their order, before what came after them.
  mutating func giveBack(_ chunks: [Chunk<Payload>], now: Int64) {
    for var chunk in chunks.reversed() {
      chunk.accepted = now
      if let seat = chunk.seat {
        places[seats[seat]].pinned.prepend(chunk)
        calls[chunk.call]!.inFlight += chunk.count
      } else {
        if calls[chunk.call]!.pending.isEmpty { turns.append(chunk.call) }
        calls[chunk.call]!.counts.noteGivenBack()
        calls[chunk.call]!.prepend(chunk)
      }
    }
  }

  // MARK: Losses

  /// Ends what a lost worker had begun, or has it begun once more.
  ///
  /// Everything up to the running item has begun; what of it was committed was reported before, unless there
  /// was no page to find it on. It is run again only where the call allows another attempt.
  ///
  /// - Returns: whether any item had begun, which one was running, if that is known, and what is to be begun
  ///   once more.
  mutating func giveUpStarted(
    _ index: Int, progress: StatusPage.Progress?, _ loss: WorkerLoss, now: Int64
  ) -> (any: Bool, culprit: ItemID?, again: [Chunk<Payload>]) {
    let place = places[index]
    guard !place.queue.isEmpty else { return (false, nil, []) }
    let exceeded = place.exceededLimit
    let failure = exceeded.map { ItemFailure.timedOut(loss, limit: $0) } ?? .lost(loss)
    var started = 1
    if let progress {
      started = Int(clamping: Int64(progress.position) - Int64(place.position))
      if progress.phase == .running || progress.phase == .preparing { started += 1 }
      // A worker that was killed for an item has begun it, even if it was stopped before it said so.
      if exceeded != nil { started = max(1, started) }
    }
    let hadBegun = started > 0
    var culprit: ItemID?
    var again: [Chunk<Payload>] = []
    while started > 0, let front = places[index].queue.first {
      let count = min(started, front.remaining)
      let call = calls[front.call]!
      // One that took too long may have gone on for an instant before it was killed.
      let seen = exceeded == nil ? progress?.step : place.watch?.step ?? progress?.step
      let isKnown = count == 1 && count == started
      var trace = ItemTrace(attempt: front.attempt, elapsed: now - place.lastProgress)
      if isKnown {
        trace.step = seen
        trace.isPreparation =
          exceeded == nil ? progress?.phase == .preparing : place.watch?.isPreparation ?? false
        culprit = ItemID(call: front.call, index: Int(clamping: seen ?? front.first + UInt64(front.done)))
        if let watch = place.watch, watch.position == place.position {
          trace.elapsed = min(trace.elapsed, now - watch.since)
        }
      }
      if !call.isRetired {
        if front.attempt < call.limits.attempts {
          again += front.attempts(ofFirst: count)
          for chunk in again.suffix(count) {
            let item = ItemID(call: chunk.call, index: Int(clamping: chunk.first))
            actions.append(.announce(.itemRetried(item, attempt: chunk.attempt)))
          }
        } else {
          calls[front.call]!.counts.ended += UInt64(count)
          actions.append(
            .fail(call: front.call, first: front.first + UInt64(front.done), count: count, trace, failure))
        }
      }
      endFront(index, items: count)
      started -= count
    }
    for call in Set(place.queue.map(\.call)) { forgetIfDone(call) }
    return (hadBegun, culprit, again)
  }

  /// Takes everything else from a lost worker.
  mutating func returnUnstarted(_ index: Int, now: Int64) {
    let chunks = Array(places[index].queue)
    places[index].empty()
    for chunk in chunks { calls[chunk.call]!.inFlight -= chunk.remaining }
    let wanted = chunks.filter { !calls[$0.call]!.isRetired }
    giveBack(wanted.map { $0.rest() }, now: now)
    for call in Set(chunks.map(\.call)) { forgetIfDone(call) }
  }

  // MARK: Time limits

  /// Whether a call is to end because its time is over.
  func isDeadlineOver(now: Int64) -> Bool { expiries.values.contains { now >= $0 } }

  /// Does what is due by the clock: condemns workers whose items have run for longer than they may, ends
  /// calls whose time is over, and those workers that go on with what is cancelled.
  ///
  /// An item's time counts from when it was first seen running. What its worker does for the call before that,
  /// decoding the task and `prepare`, has the same limit for itself. Time in which nobody looked, because this
  /// process was stopped, is not counted. A worker that has not even begun what it was given is counted as
  /// running it.
  mutating func checkClock(now: Int64, _ look: (Int) -> WorkerSight) {
    for (call, expiry) in expiries where now >= expiry { expire(call, now: now) }
    checkAges(now: now)
    share(now: now, look)
    for index in places.indices where places[index].state == .ready {
      endCancelled(index, now: now)
      guard let front = places[index].queue.first else {
        places[index].watch = nil
        continue
      }
      let limit = calls[front.call]!.limits.timeout
      guard limit != nil || stallTime != nil else { continue }
      let seen = look(index).progress
      let position = max(seen?.position ?? 0, places[index].position)
      let isPreparation = seen?.phase == .preparing
      guard let watch = places[index].watch, watch.position == position, watch.step == seen?.step,
        watch.isPreparation == isPreparation
      else {
        places[index].watch = Place.Watch(
          position: position, step: seen?.step, isPreparation: isPreparation, now: now)
        continue
      }
      let elapsed = places[index].watch!.elapsed(now: now)
      if let stallTime, elapsed >= stallTime { tellOfStall(index, elapsed: elapsed) }
      if let limit, elapsed >= limit.nanoseconds { condemn(index, timeLimit: limit) }
    }
  }

  /// Says once that an item has been running for long.
  private mutating func tellOfStall(_ index: Int, elapsed: Int64) {
    let place = places[index]
    guard let watch = place.watch, !watch.isTold else { return }
    places[index].watch!.isTold = true
    guard let stalled = item(at: watch.position, step: watch.step, of: index) else { return }
    let worker = WorkerID(index: place.seat!)
    actions.append(.announce(.itemStalled(stalled, worker, elapsed: .nanoseconds(elapsed), stack: [])))
  }

  /// The item at a position of a worker's, if it has that before it.
  func item(at position: UInt64, step: UInt64?, of index: Int) -> ItemID? {
    let place = places[index]
    guard position >= place.position else { return nil }
    var offset = position - place.position
    for chunk in place.queue {
      if offset < UInt64(chunk.remaining) {
        let item = step ?? chunk.first + UInt64(chunk.done) + offset
        return ItemID(call: chunk.call, index: Int(clamping: item))
      }
      offset -= UInt64(chunk.remaining)
    }
    return nil
  }

  /// How long it may be until the clock is looked at, or `nil` if nothing depends on it: an eighth of the
  /// shortest limit, so that it is kept to within that.
  func patience(now: Int64) -> Int64? {
    var shortest = timedCalls.values.min()
    let runsCancelled = places.contains { $0.state == .ready && isRetired($0.queue.first) }
    if runsCancelled { shortest = min(shortest ?? .max, grace.shortest) }
    if let stallTime, busyPlaces > 0 { shortest = min(shortest ?? .max, stallTime) }
    var patience = shortest.map { max(1_000_000, min($0 / 8, 100_000_000)) }
    if let time = timeToShare { patience = min(patience ?? .max, time) }
    for instant in [expiries.values.min(), nextAge].compactMap(\.self) {
      patience = min(patience ?? .max, max(0, instant - now))
    }
    return patience
  }

  private func isRetired(_ chunk: Chunk<Payload>?) -> Bool {
    chunk.map { calls[$0.call]!.isRetired } ?? false
  }

  private mutating func expire(_ call: UInt32, now: Int64) {
    expiries[call] = nil
    guard let state = calls[call], !state.isRetired, let limit = state.limits.deadline else { return }
    actions.append(.expire(call: call, limit: limit))
    retire(call, now: now)
  }

  /// A worker that runs what is cancelled is told so at once; when that has not helped for a while it is
  /// asked to end, and then killed. It has nothing else before it: `dispatch` sees to that.
  private mutating func endCancelled(_ index: Int, now: Int64) {
    guard let front = places[index].queue.first, calls[front.call]!.isRetired else {
      places[index].cancellation = nil
      return
    }
    guard let cancellation = places[index].cancellation, cancellation.call == front.call else {
      places[index].cancellation = (front.call, now, false)
      return
    }
    let time = now - cancellation.since
    let beforeKill = grace.beforeTermination.nanoseconds.addingSaturating(grace.beforeKill.nanoseconds)
    if time >= beforeKill {
      condemn(index)
    } else if time >= grace.beforeTermination.nanoseconds, !cancellation.isTerminated {
      places[index].cancellation!.isTerminated = true
      actions.append(.terminate(place: index))
    }
  }
}

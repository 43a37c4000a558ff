import ProcPoolProtocol

// Workers that are lost: which item is blamed, and what becomes of the others.

extension Scheduler {
  /// Handles the end of a worker after its handshake. Its finished results have been reported
  /// before.
  ///
  /// - Parameter progress: the last progress on its status page; `nil` if it had none.
  mutating func lost(_ id: PlaceID, progress: StatusPage.Progress?, loss: WorkerLoss, now: Instant) {
    let place = places[id]
    let begun = endStarted(id, progress: progress, loss, now: now)
    returnUnstarted(id, now: now)
    // Before unstarted items, so that results in order do not wait for retried items.
    giveBack(begun.again, now: now)
    if place.state != .leaving && place.seat != nil || loss.isLeftBehind {
      actions.append(.announce(.workerLost(loss, item: begun.culprit)))
    }
    let isBlameless = begun.any || place.position > 0 || place.state == .leaving
    let strikes = isBlameless ? 0 : place.strikes + 1
    vacate(id, strikes: strikes)
    if life == .terminating || life == .closing && calls.isEmpty { return stopIfEmpty() }
    guard life == .open || life == .closing else { return }
    if place.seat == nil {
      if place.state == .leaving { fillSpares() } else { loseSpare(id) }
    } else if strikes < Self.maximumStrikes {
      // A pool that has lost a worker may lose another.
      if recycling.standby == nil, place.state != .leaving { spareTarget = max(spareTarget, 1) }
      // A worker that was lost before any item will probably be lost again, and must not use up
      // standby processes.
      if strikes > 1 || !reseat(from: id, anew: false, now: now) { launch(id) }
      fillSpares()
    } else {
      firstStartFailure = firstStartFailure ?? WorkerStartFailure(lostIdle: loss)
    }
    breakIfEmpty()
    dispatch(now: now)
  }

  /// Ends the items that a lost worker had started, or prepares another attempt at them.
  ///
  /// All items up to the running one have started. Committed ones were reported before, unless the
  /// worker had no page to find them on. An item is retried only if its call allows another
  /// attempt.
  ///
  /// - Returns: whether any item had started, the running item, if it is known, and the chunks of
  ///   further attempts.
  private mutating func endStarted(
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
}

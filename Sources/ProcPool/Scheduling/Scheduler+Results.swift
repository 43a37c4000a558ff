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
    while left > 0 {
      let ended = min(left, places[index].queue.first!.remaining)
      endFront(index, items: ended)
      left -= ended
    }
    if position == nil { places[index].streamPosition += UInt64(count) }
    places[index].unmeasured[call, default: 0] += count - skipped
    places[index].strikes = 0
    let isWanted = calls[call]?.isCancelled == false
    forgetIfDone(call)
    return isWanted ? .deliver(skipping: skipped) : .ignore
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
      // Half and half: two or three chunks after a change the estimate has followed it.
      calls[call]!.itemTime = old > 0 ? (old + measured) / 2 : measured
    }
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
        kept.append(staying)
      } else {
        places[index].cost -= chunk.cost
        places[index].bytes -= chunk.payload.byteCount
      }
      if !calls[chunk.call]!.isCancelled { back.append(returned) }
    }
    places[index].queue = kept
    places[index].watch = nil
    actions.append(.sendResume(place: index, epoch: epoch))
    giveBack(back, from: index, now: now)
    for call in Array(calls.keys) { forgetIfDone(call) }
    dispatch(now: now)
  }

  /// Puts chunks back to where they came from, in their order, before what came after them.
  private mutating func giveBack(_ chunks: [Chunk<Payload>], from index: Int, now: Int64) {
    for var chunk in chunks.reversed() {
      chunk.accepted = now
      if chunk.place != nil {
        places[index].pinned.prepend(chunk)
        calls[chunk.call]!.inFlight += chunk.count
      } else {
        if calls[chunk.call]!.pending.isEmpty { turns.append(chunk.call) }
        calls[chunk.call]!.prepend(chunk)
      }
    }
  }

  // MARK: Losses

  /// Ends what a lost worker had begun.
  ///
  /// Everything up to the running item has begun; what of it was committed was reported before, unless there
  /// was no page to find it on. At most once is the rule, so it is not run again.
  ///
  /// - Returns: whether an item ended.
  mutating func giveUpStarted(
    _ index: Int, progress: StatusPage.Progress?, _ failure: ItemFailure
  ) -> Bool {
    let place = places[index]
    guard !place.queue.isEmpty else { return false }
    var started = 1
    if let progress {
      started = Int(clamping: Int64(progress.position) - Int64(place.position))
      if progress.phase == .running || progress.phase == .preparing { started += 1 }
      // A worker that was killed for an item has begun it, even if it was stopped before it said so.
      if place.reasonForItem != nil { started = max(1, started) }
    }
    let hadBegun = started > 0
    while started > 0, let front = places[index].queue.first {
      let count = min(started, front.remaining)
      let first = front.first + UInt64(front.done)
      let isWanted = !calls[front.call]!.isCancelled
      endFront(index, items: count)
      if isWanted {
        // One that took too long may have gone on for an instant before it was killed.
        let seen = place.reasonForItem == nil ? progress?.step : place.watch?.step ?? progress?.step
        let step = count == 1 && count == started ? seen : nil
        actions.append(.fail(call: front.call, first: first, count: count, step: step, failure))
      }
      forgetIfDone(front.call)
      started -= count
    }
    return hadBegun
  }

  /// Takes everything else from a lost worker.
  mutating func returnUnstarted(_ index: Int, now: Int64) {
    let chunks = Array(places[index].queue)
    places[index].empty()
    for chunk in chunks { calls[chunk.call]!.inFlight -= chunk.remaining }
    let wanted = chunks.filter { !calls[$0.call]!.isCancelled }
    giveBack(wanted.map { $0.rest() }, from: index, now: now)
    for call in Set(chunks.map(\.call)) { forgetIfDone(call) }
  }

  // MARK: Time limits

  /// Looks whether an item has run for longer than it may, and condemns its worker.
  ///
  /// The time counts from when the item was first seen running. `prepare` is not counted: its time is the
  /// call's, not an item's. A worker that has not even begun what it was given is counted as running it.
  mutating func checkTimeouts(now: Int64, progress: (Int) -> StatusPage.Progress?) {
    giveUpAbandoned(now: now)
    for index in places.indices where places[index].state == .ready {
      guard let front = places[index].queue.first, let limit = calls[front.call]!.timeout else {
        places[index].watch = nil
        continue
      }
      let seen = progress(index)
      let position = max(seen?.position ?? 0, places[index].position)
      guard let watch = places[index].watch, watch.position == position, watch.step == seen?.step,
        seen?.phase != .preparing
      else {
        places[index].watch = (position, seen?.step, now)
        continue
      }
      if now - watch.since >= limit.nanoseconds {
        condemn(index, .timedOut(worker: WorkerID(index: index), limit: limit))
      }
    }
  }

  /// How often time limits must be looked at, or `nil` if no call has one: an eighth of the shortest, so that
  /// a limit is kept to within that.
  var timeoutInterval: Int64? {
    if isAbandoned { return Self.grace / 8 }
    return timedCalls.values.min().map { max(1_000_000, min($0 / 8, 100_000_000)) }
  }

  /// Whether a pool that was closed waits for nothing but items of which nobody wants to hear.
  var isAbandoned: Bool {
    life == .closing && !calls.isEmpty && calls.values.allSatisfy(\.isCancelled)
  }

  /// What such an item gets, so that one which is about to end does so in peace. Nanoseconds.
  static var grace: Int64 { 200_000_000 }

  private mutating func giveUpAbandoned(now: Int64) {
    guard isAbandoned else {
      abandonedSince = nil
      return
    }
    let since = abandonedSince ?? now
    abandonedSince = since
    guard now - since >= Self.grace else { return }
    for index in places.indices where places[index].state == .ready && !places[index].queue.isEmpty {
      condemn(index, nil)
    }
  }
}

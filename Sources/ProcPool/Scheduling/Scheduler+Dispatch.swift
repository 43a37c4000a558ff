import ProcPoolProtocol

// Which worker gets which chunk, and when.

extension Scheduler {
  /// Sends pending chunks to workers with room. Calls take turns; workers are chosen by the least
  /// work in flight.
  ///
  /// - Complexity: O(workers) per turn; a turn moves about a quarter of a worker's window.
  mutating func dispatch(now: Instant) {
    for id in places.indices {
      while isAvailable(id), let chunk = places[id].pinned.first, hasRoom(id, for: chunk, now: now) {
        places[id].pinned.popFirst()
        let (first, rest) = divide(chunk, for: id)
        if let rest { places[id].pinned.prepend(rest) }
        calls[known: chunk.call].inFlight -= first.count
        send(first, to: id, now: now)
      }
    }
    while let call = turns.first {
      guard let next = calls[known: call].pending.first, let id = roomiestPlace(for: next, now: now) else {
        break
      }
      turns.popFirst()
      let share = share(of: call)
      var given = Nanoseconds.zero
      while let chunk = calls[known: call].pending.first,
        given == .zero || given + cost(of: chunk) <= share, isAvailable(id),
        hasRoom(id, for: chunk, now: now)
      {
        _ = calls[known: call].popPending()
        let (first, rest) = divide(chunk, for: id)
        if let rest { calls[known: call].prepend(rest) }
        given += send(first, to: id, now: now)
      }
      if calls[known: call].awaitsRoom, calls[known: call].pendingBytes <= mostPendingBytes {
        calls[known: call].awaitsRoom = false
        actions.append(.askForMore(call: call))
      }
      if calls[known: call].pending.isEmpty {
        // Before the first items have ended, the pool asks for one per worker, however many there are.
        if calls[known: call].itemTime > 0 { calls[known: call].counts.noteEmpty(now: now) }
      } else {
        turns.append(call)
      }
    }
  }

  /// The part of a call that a worker is sent in a turn: a quarter of its window, or an equal share
  /// if less work is pending than would keep all idle workers busy.
  private func share(of call: CallID) -> Nanoseconds {
    let waiting = Double(calls[known: call].pendingItems) * calls[known: call].itemTime
    let equalPart = Nanoseconds(estimate: waiting / Double(max(1, freeWorkers)))
    return max(Pacing.worthSpreading, min(equalPart, Pacing.window / 4))
  }

  private func roomiestPlace(for chunk: Chunk<Payload>, now: Instant) -> PlaceID? {
    var best: PlaceID?
    for id in places.indices where isAvailable(id) {
      // A stuck worker is sent more only if there is no other.
      if let best,
        (places[best].isStuck ? 1 : 0, places[best].cost) <= (
          places[id].isStuck ? 1 : 0, places[id].cost
        )
      {
        continue
      }
      if hasRoom(id, for: chunk, now: now) { best = id }
    }
    return best
  }

  /// Whether the worker may be sent chunks. A worker that runs items of a retired call is not
  /// available, because it may be killed at any moment.
  private func isAvailable(_ id: PlaceID) -> Bool {
    guard places[id].state == .ready, !isExhausted(id) else { return false }
    guard let front = places[id].queue.first else { return true }
    return !calls[known: front.call].isRetired
  }

  /// Splits a chunk into the items that the worker may still run, and the rest for another worker.
  private func divide(_ chunk: Chunk<Payload>, for id: PlaceID) -> (Chunk<Payload>, rest: Chunk<Payload>?) {
    guard let quota = quota(of: id), chunk.count > quota else { return (chunk, nil) }
    var (first, rest) = chunk.split(after: quota)
    first.accepted = chunk.accepted
    rest.accepted = chunk.accepted
    return (first, rest)
  }

  private func hasRoom(_ id: PlaceID, for chunk: Chunk<Payload>, now: Instant) -> Bool {
    let place = places[id]
    guard let front = place.queue.first else { return true }
    let fits =
      place.items + chunk.count <= Pacing.windowItems
      && place.bytes + chunk.payload.byteCount <= Pacing.windowBytes
    guard fits, !isHeldUp(id, now: now) else { return false }
    if place.cost + cost(of: chunk) <= Pacing.window { return true }
    // However long the items of the call take, the next one is queued behind the running one: it
    // can be taken back.
    return place.queue.count == 1 && front.call == chunk.call && place.canGiveBack
      && calls[known: chunk.call].isMeasured
  }

  private func cost(of chunk: Chunk<Payload>) -> Nanoseconds {
    let itemTime = calls[known: chunk.call].itemTime
    // A worker gets only one chunk of a task whose time is unknown.
    if itemTime == 0 { return Pacing.window }
    return Nanoseconds(estimate: itemTime * Double(chunk.count)) + Nanoseconds(1)
  }

  /// - Returns: the chunk's estimated cost.
  @discardableResult
  private mutating func send(_ chunk: Chunk<Payload>, to id: PlaceID, now: Instant) -> Nanoseconds {
    var chunk = chunk
    chunk.cost = cost(of: chunk)
    let waited = max(.zero, now - chunk.accepted)
    chunksSent += UInt64(chunk.payload.frameCount)
    queued += waited * chunk.payload.frameCount
    calls[known: chunk.call].counts.noteGiven(
      chunks: chunk.payload.frameCount, bytes: chunk.payload.byteCount, waited: waited, now: now)
    if places[id].queue.isEmpty {
      places[id].lastProgress = now
      places[id].watch = nil
    }
    places[id].queue.append(chunk)
    places[id].cost += chunk.cost
    places[id].items += chunk.count
    places[id].bytes += chunk.payload.byteCount
    calls[known: chunk.call].inFlight += chunk.count
    if calls[known: chunk.call].isSingle || places[id].calls.insert(chunk.call).inserted {
      actions.append(.sendCall(place: id, call: chunk.call))
    }
    actions.append(.sendChunk(place: id, chunk, flags: hint(for: chunk)))
    return chunk.cost
  }

  func hint(for chunk: Chunk<Payload>) -> ChunkHint {
    let itemTime = calls[known: chunk.call].itemTime
    let polls = hasBusyPlaces(atMost: mostPolling)
    guard itemTime > 0 else { return ChunkHint(flushes: true, claimExponent: 0, polls: polls) }
    // At most 32 768, because the frame has the claim as a power of two with an exponent of at most
    // 15. One by one if only an earlier call shows that items are short.
    let claim =
      calls[known: chunk.call].isMeasured ? min(32_768, max(1, Double(Pacing.claimTime.count) / itemTime)) : 1
    return ChunkHint(
      flushes: itemTime * Double(chunk.count / chunk.payload.frameCount) >= Double(Pacing.flushTime.count),
      claimExponent: UInt8(min(15, Int(claim).bitWidth - 1 - Int(claim).leadingZeroBitCount)), polls: polls)
  }

  /// The number of pending bytes of a call above which its owner makes no more chunks.
  var mostPendingBytes: Int { seats.count * Pacing.windowBytes }
}

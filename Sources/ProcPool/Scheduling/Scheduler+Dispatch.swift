// Which worker gets which chunk, and when.

extension Scheduler {
  /// Gives pending chunks to workers with room: calls take turns, and the worker with the least before it
  /// comes first.
  ///
  /// - Complexity: O(workers) per turn; a turn moves about a quarter of a worker's window.
  mutating func dispatch(now: Int64) {
    for index in places.indices {
      while isAvailable(index), let chunk = places[index].pinned.first, hasRoom(index, for: chunk, now: now) {
        places[index].pinned.popFirst()
        let (first, rest) = divide(chunk, for: index)
        if let rest { places[index].pinned.prepend(rest) }
        calls[chunk.call]!.inFlight -= first.count
        send(first, to: index, now: now)
      }
    }
    while let call = turns.first {
      guard let next = calls[call]!.pending.first, let index = roomiestPlace(for: next, now: now) else {
        break
      }
      turns.popFirst()
      let share = share(of: call)
      var given: Int64 = 0
      while let chunk = calls[call]!.pending.first,
        given == 0 || given.addingSaturating(cost(of: chunk)) <= share, isAvailable(index),
        hasRoom(index, for: chunk, now: now)
      {
        _ = calls[call]!.popPending()
        let (first, rest) = divide(chunk, for: index)
        if let rest { calls[call]!.prepend(rest) }
        given += send(first, to: index, now: now)
      }
      if calls[call]!.awaitsRoom, calls[call]!.pendingBytes <= mostPendingBytes {
        calls[call]!.awaitsRoom = false
        actions.append(.askForMore(call: call))
      }
      if calls[call]!.pending.isEmpty {
        calls[call]!.counts.noteEmpty(now: now)
      } else {
        turns.append(call)
      }
    }
  }

  /// How much of a call a worker is given in a turn: a quarter of its window, and where less waits than would
  /// keep all busy who have nothing to do, an equal part of it.
  private func share(of call: UInt32) -> Int64 {
    let waiting = Double(calls[call]!.pendingItems) * calls[call]!.itemTime
    return max(
      Pacing.worthSpreading, Int64(min(waiting / Double(max(1, freeWorkers)), Double(Pacing.window / 4))))
  }

  private func roomiestPlace(for chunk: Chunk<Payload>, now: Int64) -> Int? {
    var best: Int?
    for index in places.indices where isAvailable(index) {
      // One that did not begin what it had gets more when there is nobody else.
      if let best,
        (places[best].isStuck ? 1 : 0, places[best].cost) <= (
          places[index].isStuck ? 1 : 0, places[index].cost
        )
      {
        continue
      }
      if hasRoom(index, for: chunk, now: now) { best = index }
    }
    return best
  }

  /// Whether the worker may be given anything: not while it runs what is cancelled, which may be killed any
  /// moment, and nothing beside it.
  private func isAvailable(_ index: Int) -> Bool {
    guard places[index].state == .ready, !isExhausted(index) else { return false }
    guard let front = places[index].queue.first else { return true }
    return !calls[front.call]!.isRetired
  }

  /// A chunk, as much of it as the worker may still run, and what is left for another.
  private func divide(_ chunk: Chunk<Payload>, for index: Int) -> (Chunk<Payload>, rest: Chunk<Payload>?) {
    guard let quota = quota(of: index), chunk.count > quota else { return (chunk, nil) }
    var (first, rest) = chunk.split(after: quota)
    first.accepted = chunk.accepted
    rest.accepted = chunk.accepted
    return (first, rest)
  }

  private func hasRoom(_ index: Int, for chunk: Chunk<Payload>, now: Int64) -> Bool {
    let place = places[index]
    guard let front = place.queue.first else { return true }
    let fits =
      place.items + chunk.count <= Pacing.windowItems
      && place.bytes + chunk.payload.byteCount <= Pacing.windowBytes
    guard fits, !isHeldUp(index, now: now) else { return false }
    if place.cost + cost(of: chunk) <= Pacing.window { return true }
    // However long a call's items take, the next one need not be waited for: it can be taken back.
    return place.queue.count == 1 && front.call == chunk.call && place.canGiveBack
      && calls[chunk.call]!.isMeasured
  }

  private func cost(of chunk: Chunk<Payload>) -> Int64 {
    let itemTime = calls[chunk.call]!.itemTime
    // Of a task that nobody has seen run, a worker gets one chunk and no second.
    if itemTime == 0 { return Pacing.window }
    return Int64(min(itemTime * Double(chunk.count), 1e15)) + 1
  }

  /// - Returns: the chunk's estimated cost.
  @discardableResult
  private mutating func send(_ chunk: Chunk<Payload>, to index: Int, now: Int64) -> Int64 {
    var chunk = chunk
    chunk.cost = cost(of: chunk)
    let waited = max(0, now - chunk.accepted)
    chunksSent += UInt64(chunk.payload.frameCount)
    queued = queued.addingSaturating(waited.multipliedSaturating(by: Int64(chunk.payload.frameCount)))
    calls[chunk.call]!.counts.noteGiven(
      chunks: chunk.payload.frameCount, bytes: chunk.payload.byteCount, waited: waited, now: now)
    if places[index].queue.isEmpty {
      places[index].lastProgress = now
      places[index].watch = nil
    }
    places[index].queue.append(chunk)
    places[index].cost += chunk.cost
    places[index].items += chunk.count
    places[index].bytes += chunk.payload.byteCount
    calls[chunk.call]!.inFlight += chunk.count
    if calls[chunk.call]!.isSingle || places[index].calls.insert(chunk.call).inserted {
      actions.append(.sendCall(place: index, call: chunk.call))
    }
    actions.append(.sendChunk(place: index, chunk, flags: hint(for: chunk)))
    return chunk.cost
  }

  func hint(for chunk: Chunk<Payload>) -> ChunkHint {
    let itemTime = calls[chunk.call]!.itemTime
    guard itemTime > 0 else { return ChunkHint(flushes: true, claimExponent: 0) }
    // 32 768 because the frame says it as a power of two, of which 15 is the largest. One by one where only an
    // earlier call says that they are short.
    let claim =
      calls[chunk.call]!.isMeasured ? min(32_768, max(1, Double(Pacing.claimTime) / itemTime)) : 1
    return ChunkHint(
      flushes: itemTime * Double(chunk.count / chunk.payload.frameCount) >= Double(Pacing.flushTime),
      claimExponent: UInt8(min(15, Int(claim).bitWidth - 1 - Int(claim).leadingZeroBitCount)))
  }

  /// Bytes of a call that wait for workers, beyond which its owner makes no more.
  private var mostPendingBytes: Int { seats.count * Pacing.windowBytes }

  /// How much more of a call would keep the workers busy. If there is no room for more bytes, its owner is asked
  /// when there is.
  mutating func appetite(of call: UInt32, chunkSize: Int?) -> Appetite {
    guard let state = calls[call], !state.isRetired else { return .none }
    if state.pendingBytes > mostPendingBytes {
      calls[call]!.awaitsRoom = true
      return .none
    }
    return appetite(of: state, chunkSize: chunkSize)
  }

  /// The same, as far as items are concerned: of a call that has none under way, for two chunks for each worker.
  func appetite(of call: Call, chunkSize: Int?) -> Appetite {
    let automatic =
      call.itemTime == 0
      ? 1 : max(1, Int(min(Double(Pacing.chunkTime) / call.itemTime, Double(Pacing.chunkItems))))
    let size = chunkSize ?? automatic
    let window =
      call.itemTime == 0
      ? size : max(size, Int(min(Double(Pacing.window) / call.itemTime, Double(Pacing.windowItems))))
    // What the workers hold, and as much again in reserve so that none waits for the caller.
    let target = seats.count * 2 * window
    let accepted = call.pendingItems + call.inFlight
    let together =
      call.itemTime == 0
      ? 1 : max(1, Int(min(Double(Pacing.togetherTime) / call.itemTime, Double(Pacing.windowItems / 8))))
    return Appetite(items: max(0, target - accepted), chunkSize: size, together: together)
  }
}

/// How much more of a call would keep the workers busy.
struct Appetite: Equatable {
  var items: Int
  /// How many to a chunk, where that is the pool's to choose.
  var chunkSize: Int
  /// How many items of shorter chunks are moved about together, at the most.
  var together: Int

  static let none = Appetite(items: 0, chunkSize: 1, together: 1)
}

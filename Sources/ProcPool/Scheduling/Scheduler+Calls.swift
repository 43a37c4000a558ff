import ProcPoolProtocol

// The lifetime of a call, from its first chunk to its last item.

extension Scheduler {
  /// Begins a call.
  ///
  /// - Parameters:
  ///   - isSingle: whether the call has only one item.
  ///   - itemTime: the time per item of an earlier call, in nanoseconds; 0 if unknown. It is used
  ///     only if surplus items can be taken back.
  mutating func begin(
    _ limits: CallLimits = CallLimits(), isSingle: Bool = false, itemTime: Double = 0, now: Instant = .start
  ) -> CallID {
    // Numbers wrap around after hours of nothing but small calls, when a long call may still have
    // its own.
    repeat { lastCall = CallID(lastCall.number &+ 1) } while calls[lastCall] != nil
    if let limit = limits.shortest { timedCalls[lastCall] = Nanoseconds(limit) }
    // A deadline in the past expires now.
    if let deadline = limits.deadline {
      expiries[lastCall] = now + max(.zero, Nanoseconds(deadline))
    }
    let isUsed = isSingle || places.allSatisfy(\.canGiveBack)
    calls[lastCall] = Call(limits, isSingle: isSingle, itemTime: isUsed ? itemTime : 0, begun: now)
    return lastCall
  }

  /// Accepts chunks of a call. From now on, each of their items ends exactly once.
  mutating func accept(_ chunks: [Chunk<Payload>], now: Instant) {
    guard let call = chunks.first?.call else { return }
    switch life {
    case .open, .closing: break
    case .broken(let failure): return failAll(chunks, .noWorkers(failure))
    case .terminating, .stopped: return failAll(chunks, .terminated)
    }
    // The call expired while its caller was making these chunks, and the caller has been notified.
    guard calls[call]?.isRetired == false else { return }
    calls[known: call].counts.noteAccepted(now: now)
    promptStarts()
    for var chunk in chunks {
      chunk.accepted = now
      if let seat = chunk.seat {
        places[seats[seat]].pinned.append(chunk)
        calls[known: call].inFlight += chunk.count
      } else {
        if calls[known: call].pending.isEmpty { turns.append(call) }
        calls[known: call].append(chunk)
      }
    }
    failStranded()
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

  /// Retires a call whose owner wants nothing more, because it has all results or has cancelled the
  /// call. Items that have not started are dropped, workers that run items of the call are
  /// notified, and their results are discarded.
  mutating func retire(_ call: CallID, now: Instant) {
    guard let state = calls[call], !state.isRetired else { return }
    calls[known: call].isRetired = true
    // Searching the turns is skipped without pending chunks: hundreds of thousands of single-item
    // calls may end while many others have turns.
    if !state.pending.isEmpty {
      calls[known: call].dropPending()
      turns.removeAll { $0 == call }
    }
    dropPauses(of: call)
    for id in places.indices {
      for chunk in places[id].pinned where chunk.call == call { calls[known: call].inFlight -= chunk.count }
      places[id].pinned.removeAll { $0.call == call }
      let place = places[id]
      guard place.state == .ready, place.queue.contains(where: { $0.call == call }) else { continue }
      // The front chunk is running; only the items behind its first one can be taken back.
      if place.queue.count > 1 || place.queue.first!.remaining > 1 {
        actions.append(.takeBack(place: id))
      } else {
        cancelRunning(id)
      }
    }
    forgetIfDone(call)
  }

  /// Notifies a worker that holds only claimed items which of them are cancelled: all up to the end
  /// of the last chunk of a retired call. Items of another call before them have ended but were not
  /// reported yet, because a worker claims items of one chunk at a time.
  mutating func cancelRunning(_ id: PlaceID) {
    guard places[id].state == .ready else { return }
    var end = places[id].position
    var limit: UInt64?
    for chunk in places[id].queue {
      end += UInt64(chunk.remaining)
      if calls[known: chunk.call].isRetired { limit = end }
    }
    if let limit { actions.append(.cancelRunning(place: id, below: limit)) }
  }

  /// Removes a retired call when none of its items is in flight any more.
  mutating func forgetIfDone(_ call: CallID) {
    guard let state = calls[call], state.isRetired, state.inFlight == 0 else { return }
    calls[call] = nil
    timedCalls[call] = nil
    expiries[call] = nil
    for id in places.indices where places[id].calls.remove(call) != nil {
      actions.append(.sendEndCall(place: id, call: call))
    }
    actions.append(.forget(call: call, state.counts))
    leaveIfIdle()
  }
}

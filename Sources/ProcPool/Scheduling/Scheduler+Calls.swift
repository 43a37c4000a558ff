import ProcPoolProtocol

// Calls, from the first chunk to the last item.

extension Scheduler {
  /// Begins a call.
  ///
  /// - Parameters:
  ///   - isSingle: whether the call has one item only.
  ///   - itemTime: what an item took in an earlier call, in nanoseconds; 0 if nothing is known. It is used
  ///     where too much of a good thing can be taken back.
  mutating func begin(
    _ limits: CallLimits = CallLimits(), isSingle: Bool = false, itemTime: Double = 0, now: Instant = .start
  ) -> CallID {
    // The numbers come round again after some hours of nothing but small calls; a long one may still have its
    // own.
    repeat { lastCall = CallID(lastCall.number &+ 1) } while calls[lastCall] != nil
    if let limit = limits.shortest { timedCalls[lastCall] = Nanoseconds(limit) }
    // One in the past is over now.
    if let deadline = limits.deadline {
      expiries[lastCall] = now + max(.zero, Nanoseconds(deadline))
    }
    let isUsed = isSingle || places.allSatisfy(\.canGiveBack)
    calls[lastCall] = Call(
      limits: limits, isSingle: isSingle, itemTime: isUsed ? itemTime : 0, counts: CallCounts(begun: now))
    return lastCall
  }

  /// Takes over chunks of a call: from here on each of their items ends exactly once.
  mutating func accept(_ chunks: [Chunk<Payload>], now: Instant) {
    guard let call = chunks.first?.call else { return }
    switch life {
    case .open, .closing: break
    case .broken(let failure): return failAll(chunks, .noWorkers(failure))
    case .terminating, .stopped: return failAll(chunks, .terminated)
    }
    // Its time was over while its caller made these: it has been told.
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

  /// The call's owner wants nothing more of it, because it has everything or has cancelled the call: what has not
  /// started is given up, workers that run its items are notified, and their results are discarded.
  mutating func retire(_ call: CallID, now: Instant) {
    guard let state = calls[call], !state.isRetired else { return }
    calls[known: call].isRetired = true
    // Not looked for where there is none: calls of one item end by the hundred thousand, each with a turn
    // before.
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
      // The front chunk is running; only what lies behind its first item can be taken back.
      if place.queue.count > 1 || place.queue.first!.remaining > 1 {
        actions.append(.takeBack(place: id))
      } else {
        cancelRunning(id)
      }
    }
    forgetIfDone(call)
  }

  /// Tells a worker that holds nothing but what it has claimed which of that is cancelled: everything up to
  /// the end of the last chunk that is. What another call has in front of it has ended and was not reported
  /// yet, since a worker claims items of one chunk at a time.
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

  /// Removes a cancelled call once the last of its items has left the workers.
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

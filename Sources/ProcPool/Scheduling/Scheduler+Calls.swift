// Calls, from the first chunk to the last item.

extension Scheduler {
  var isOpen: Bool { life == .open }

  /// Begins a call.
  ///
  /// - Parameters:
  ///   - timeout: how long an item may run.
  ///   - isSingle: whether the call has one item only.
  ///   - itemTime: what an item is expected to take, in nanoseconds; 0 if nothing is known.
  mutating func begin(timeout: Duration?, isSingle: Bool = false, itemTime: Double = 0) -> UInt32 {
    // The numbers come round again after some hours of nothing but small calls; a long one may still have its
    // own.
    repeat { lastCall &+= 1 } while calls[lastCall] != nil
    if let timeout { timedCalls[lastCall] = timeout.nanoseconds }
    calls[lastCall] = Call(timeout: timeout, isSingle: isSingle, itemTime: itemTime)
    return lastCall
  }

  /// Whether every item of the call that was accepted so far has ended.
  func hasEnded(_ call: UInt32) -> Bool {
    guard let call = calls[call] else { return true }
    return call.inFlight == 0 && call.pendingItems == 0
  }

  /// Takes over chunks of a call: from here on each of their items ends exactly once.
  mutating func accept(_ chunks: [Chunk<Payload>], now: Int64) {
    guard let call = chunks.first?.call else { return }
    switch life {
    case .open, .closing: break
    case .broken(let failure): return failAll(chunks, .noWorkers(failure))
    case .terminating, .stopped: return failAll(chunks, .terminated)
    }
    for var chunk in chunks {
      chunk.accepted = now
      if let place = chunk.place {
        places[place].pinned.append(chunk)
        calls[call]!.inFlight += chunk.count
      } else {
        if calls[call]!.pending.isEmpty { turns.append(call) }
        calls[call]!.append(chunk)
      }
    }
    failStranded()
    dispatch(now: now)
  }

  /// The call's owner has what it wanted, or wants no more: gives up what has not started of it. Its items
  /// that are running go on, and nobody hears of them.
  mutating func cancel(_ call: UInt32, now: Int64) {
    guard let state = calls[call], !state.isCancelled else { return }
    calls[call]!.isCancelled = true
    // Not looked for where there is none: calls of one item end by the hundred thousand, each with a turn
    // before.
    if !state.pending.isEmpty {
      calls[call]!.dropPending()
      turns.removeAll { $0 == call }
    }
    for index in places.indices {
      for chunk in places[index].pinned where chunk.call == call { calls[call]!.inFlight -= chunk.count }
      places[index].pinned.removeAll { $0.call == call }
      // The front chunk is running; only what lies behind its first item can be taken back.
      let place = places[index]
      if place.state == .ready,
        place.queue.contains(where: { $0.call == call }),
        place.queue.count > 1 || place.queue.first!.remaining > 1
      {
        actions.append(.takeBack(place: index))
      }
    }
    forgetIfDone(call)
  }

  /// Removes a cancelled call once the last of its items has left the workers.
  mutating func forgetIfDone(_ call: UInt32) {
    guard let state = calls[call], state.isCancelled, state.inFlight == 0 else { return }
    calls[call] = nil
    timedCalls[call] = nil
    for index in places.indices where places[index].calls.remove(call) != nil {
      actions.append(.sendEndCall(place: index, call: call))
    }
    actions.append(.forget(call: call))
    leaveIfIdle()
  }
}

import ProcPoolProtocol

// The invariants of a `Scheduler` between any two events. Debug builds check them after every
// event, and the simulation after every step.

extension Scheduler {
  /// The first broken invariant, in words; `nil` if all hold.
  func brokenInvariant() -> String? {
    var inFlight: [CallID: Int] = [:]
    for id in places.indices {
      let place = places[id]
      var name: String { "place \(id.index)" }
      for chunk in place.queue {
        guard let call = calls[chunk.call] else {
          return "\(name) holds a chunk of \(chunk.call), which is gone"
        }
        if chunk.remaining <= 0 { return "\(name) holds a chunk without items left" }
        if !call.isSingle, !place.calls.contains(chunk.call) {
          return "\(name) does not have the task of \(chunk.call)"
        }
        inFlight[chunk.call, default: 0] += chunk.remaining
      }
      for chunk in place.pinned {
        if chunk.seat != place.seat {
          return "\(name) keeps a chunk for worker \(String(describing: chunk.seat))"
        }
        if calls[chunk.call] == nil { return "\(name) keeps a chunk of \(chunk.call), which is gone" }
        inFlight[chunk.call, default: 0] += chunk.count
      }
      if place.items != place.queue.reduce(0, { $0 + $1.remaining }) { return "\(name) miscounts its items" }
      if place.bytes != place.queue.reduce(0, { $0 + $1.payload.byteCount }) {
        return "\(name) miscounts its bytes"
      }
      if place.cost != place.queue.reduce(.zero, { $0 + $1.cost }) { return "\(name) miscounts its cost" }
      if place.streamPosition > place.position { return "\(name) has read more than has ended" }
      switch place.state {
      case .vacant, .resting, .launching, .standby:
        if !place.queue.isEmpty { return "\(name) has work and no worker" }
      case .leaving:
        if !place.queue.isEmpty { return "\(name) is leaving and has work" }
      case .ready, .condemned: break
      }
      if place.state == .ready, place.queue.isEmpty, isExhausted(id), life == .open {
        return "\(name) is due to be recycled and was not"
      }
      if place.state == .ready, place.seat == nil { return "\(name) works without a seat" }
      if place.state == .standby, place.seat != nil { return "\(name) has a seat and stands by" }
      if let limit = recycling.maximumTasks, place.position + UInt64(place.items) > limit {
        return "\(name) has been given more than \(limit) items"
      }
      if place.strikes > Self.maximumStrikes { return "\(name) was filled again too often" }
    }
    for seat in seats.indices where places[seats[seat]].seat != seat {
      return "\(seat) is not at its recorded place"
    }
    if places.count(where: { $0.seat != nil }) != seats.count {
      return "more places have a seat than there are workers"
    }
    var paused: [CallID: Int] = [:]
    for pause in pauses { paused[pause.chunk.call, default: 0] += pause.chunk.count }
    if paused.keys.contains(where: { calls[$0] == nil }) { return "an item of a call that is gone is paused" }
    if zip(pauses, pauses.dropFirst()).contains(where: { $0.until < $1.until }) {
      return "pauses are out of order"
    }
    for (id, call) in calls {
      if call.paused != paused[id, default: 0] { return "\(id) miscounts its paused items" }
      if call.paused > 0, call.isRetired { return "\(id) is retired and has paused items" }
      if call.inFlight != inFlight[id, default: 0] { return "\(id) miscounts what is in flight" }
      if call.pendingItems != call.pending.reduce(0, { $0 + $1.count }) {
        return "\(id) miscounts its items"
      }
      if call.pendingBytes != call.pending.reduce(0, { $0 + $1.payload.byteCount }) {
        return "\(id) miscounts its bytes"
      }
      if call.isRetired && !call.pending.isEmpty { return "\(id) is retired and has pending chunks" }
      if call.isRetired && call.inFlight == 0 { return "\(id) is done and was not forgotten" }
      if turns.filter({ $0 == id }).count != (call.pending.isEmpty ? 0 : 1) {
        return "\(id) has \(turns.filter { $0 == id }.count) turns"
      }
    }
    if timedCalls.keys.contains(where: { calls[$0] == nil }) { return "a call that is gone has a time limit" }
    if turns.contains(where: { calls[$0] == nil }) { return "a call that is gone has a turn" }
    switch life {
    case .open, .closing:
      if let idle = brokenIdleness() { return idle }
      if freeWorkers > 0 && !turns.isEmpty { return "a worker is idle and chunks are pending" }
    case .terminating, .broken, .stopped:
      if calls.values.contains(where: { !$0.pending.isEmpty || $0.inFlight + $0.paused > 0 }) {
        return "the pool has ended and a call has items"
      }
    }
    if life == .stopped && places.contains(where: \.isAlive) { return "the pool has stopped and has workers" }
    return nil
  }

  /// Finds a call that has nothing under way and no demand. Its owner would wait for ever,
  /// because no item ends that could prompt it to try again. `Submission` ensures that a call with
  /// demand hands over chunks.
  private func brokenIdleness() -> String? {
    for (id, call) in calls where !call.isRetired && call.pendingItems + call.inFlight + call.paused == 0 {
      for size in [1, Pacing.maximumChunk] where demand(of: call, chunkSize: size).items < size {
        return "\(id) has nothing under way and no demand for a chunk of \(size)"
      }
      if call.awaitsRoom { return "\(id) waits for room and has nothing under way" }
    }
    return nil
  }
}

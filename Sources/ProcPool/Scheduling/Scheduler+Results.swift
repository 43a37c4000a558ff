import ProcPoolProtocol
import ProcPoolWorker

// Items that have ended in workers.

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
    let isRetried = left == 1 && thrownAt.map { pauseFirst(of: id, now: $0) } ?? false
    if !isRetried { calls[known: call].counts.ended += UInt64(left) }
    while left > 0 {
      let ended = min(left, places[id].queue.first!.remaining)
      endFront(id, items: ended)
      left -= ended
    }
    if position == nil { places[id].streamPosition += UInt64(count) }
    places[id].unmeasured[call, default: 0] += count - skipped
    places[id].strikes = 0
    let isWanted = calls[call]?.isRetired == false && !isRetried
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
  mutating func endFront(_ id: PlaceID, items: Int) {
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
}

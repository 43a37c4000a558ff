import ProcPoolProtocol
import ProcPoolWorker

// Redistribution of chunks that wait at one worker while another is idle.
//
// A worker is sent chunks before it has finished its previous ones, according to an estimate of
// their time, so that it need not wait for the coordinator. Some items take longer than any
// estimate. When another worker becomes idle, unclaimed items are taken back and divided among the
// workers that can start them at once.

/// The state of a worker that can be observed without a message.
struct WorkerSnapshot: Equatable {
  /// `nil` if the worker has no page.
  var progress: StatusPage.Progress?
  /// The number of bytes written to its pipe. A long frame takes a while.
  var written: UInt64
}

extension Scheduler {
  /// The minimum work that is worth taking back. A take-back costs the worker and the coordinator
  /// about 20 µs. A worker that is at one item for this time also counts as stuck.
  static var worthRebalancing: Nanoseconds { Nanoseconds(200_000) }
  /// The minimum if there is a busy worker for every processor. A worker without progress may then
  /// be waiting for a processor, and so would the worker that took over its items.
  private static var worthRebalancingWhenBusy: Nanoseconds { .milliseconds(16) }
  /// The time without progress after which a worker is sent no more chunks, and its unstarted items
  /// move to other workers: three times the longest interval at which results are fetched from busy
  /// workers, 64 ms. With a shorter time, a worker that computes and has not written its results
  /// yet would be considered stuck (measured: a tenth of the items per second).
  static var longestSilence: Nanoseconds { .milliseconds(200) }

  /// Whether the worker appears to have been at the same item for longer than its window should
  /// take.
  func isHeldUp(_ id: PlaceID, now: Instant) -> Bool {
    guard !places[id].queue.isEmpty else { return false }
    return places[id].isStuck || now - places[id].lastProgress >= Self.longestSilence
  }

  /// Whether the worker runs another call's items before those of this call.
  func isBehindAnotherCall(_ call: CallID, at id: PlaceID) -> Bool {
    places[id].queue.first.map { $0.call != call } ?? false
  }

  /// The number of idle workers that may be sent chunks.
  var freeWorkers: Int {
    places.indices.count { places[$0].state == .ready && places[$0].queue.isEmpty && !isExhausted($0) }
  }

  /// Whether the worker may have items that others could run.
  private func mayHaveTooMuch(_ id: PlaceID) -> Bool {
    places[id].items > 0 && places[id].state == .ready && places[id].canGiveBack
  }

  /// The time until the next check whether some workers have too much work while others are idle;
  /// `nil` if there is nothing to check.
  ///
  /// - Complexity: O(workers).
  var timeUntilRebalancing: Nanoseconds? {
    var most = 0
    for id in places.indices where mayHaveTooMuch(id) { most = max(most, places[id].items) }
    guard most > 0, freeWorkers > 0 else { return nil }
    // A worker's only item is taken back only if the worker does not start it.
    return most > 1 ? leastWorthRebalancing : Self.longestSilence
  }

  private var leastWorthRebalancing: Nanoseconds {
    busyPlaces < processors ? Self.worthRebalancing : Self.worthRebalancingWhenBusy
  }

  /// Takes back unclaimed items if other workers are idle: from workers that have more work queued
  /// than a take-back costs, and from workers without progress.
  ///
  /// - Complexity: O(workers), and O(chunks) for each worker with chunks in flight.
  mutating func rebalance(now: Instant, _ look: (PlaceID) -> WorkerSnapshot) {
    let free = freeWorkers
    guard free > 0 else { return }
    let least = leastWorthRebalancing
    var slow: [PlaceID] = []
    for id in places.indices where mayHaveTooMuch(id) {
      let seen = look(id)
      if places[id].look?.seen != seen { places[id].look = (seen, now) }
      let rest = now - places[id].look!.since
      // Chunks that a worker is still receiving, or about to start, stay: otherwise a long frame
      // could move from one worker to another for ever. Each worker thus makes progress with at
      // least one item before it loses others.
      let isIdle = seen.progress?.phase == .idle
      places[id].isStuck = rest >= (isIdle ? Self.longestSilence : least)
      if isIdle && !places[id].isStuck { continue }
      let position = max(seen.progress?.position ?? 0, places[id].position)
      let begun = position - places[id].position &+ (isIdle ? 0 : 1)
      guard let time = waitingTime(id, after: begun) else { continue }
      if places[id].isStuck || time >= least { slow.append(id) }
    }
    for id in slow.prefix(free) { actions.append(.takeBack(place: id)) }
  }

  /// The estimated time of the items that a worker has not started; `nil` if no other worker may
  /// run them.
  private func waitingTime(_ id: PlaceID, after begun: UInt64) -> Nanoseconds? {
    var begun = begun
    var time: Double?
    for chunk in places[id].queue {
      let waiting = chunk.remaining - Int(min(begun, UInt64(chunk.remaining)))
      begun -= min(begun, UInt64(chunk.remaining))
      if waiting > 0, chunk.seat == nil {
        time = (time ?? 0) + Double(waiting) * calls[known: chunk.call].itemTime
      }
    }
    return time.map { Nanoseconds(estimate: $0) }
  }

  /// Handles a take-back: the worker's gate is closed, and its unclaimed items are returned.
  ///
  /// - Parameters:
  ///   - position: the position of the first returned item in the worker's order.
  ///   - epoch: the epoch of the gate, for the frame that reopens it.
  mutating func tookBack(_ id: PlaceID, position: UInt64, epoch: UInt64, now: Instant) {
    var kept = Deque<Chunk<Payload>>()
    var back: [Chunk<Payload>] = []
    var next = places[id].position
    for chunk in places[id].queue {
      let stays = position > next ? Int(min(position - next, UInt64(chunk.remaining))) : 0
      next += UInt64(chunk.remaining)
      if stays == chunk.remaining {
        kept.append(chunk)
        continue
      }
      let returned = chunk.rest(without: stays)
      if calls[known: chunk.call].isSingle { actions.append(.sendEndCall(place: id, call: chunk.call)) }
      places[id].items -= returned.count
      calls[known: chunk.call].inFlight -= returned.count
      if stays > 0 {
        var staying = chunk
        staying.count = chunk.done + stays
        staying.isCut = true
        staying.cost = chunk.cost / chunk.remaining * stays
        places[id].cost -= chunk.cost - staying.cost
        kept.append(staying)
      } else {
        places[id].cost -= chunk.cost
        places[id].bytes -= chunk.payload.byteCount
      }
      if !calls[known: chunk.call].isRetired { back += parts(of: returned) }
    }
    places[id].queue = kept
    // The worker keeps its running item, whose time continues to count.
    if let watch = places[id].watch, watch.position >= position { places[id].watch = nil }
    actions.append(.sendResume(place: id, epoch: epoch))
    cancelRunning(id)
    giveBack(back, now: now)
    for call in Array(calls.keys) { forgetIfDone(call) }
    recycleIfExhausted(id, now: now)
    dispatch(now: now)
  }

  /// Divides a chunk that was taken back into one part per idle worker and one for the worker that
  /// had it, unless the parts would be too short.
  private func parts(of chunk: Chunk<Payload>) -> [Chunk<Payload>] {
    let itemTime = max(1, calls[known: chunk.call].itemTime)
    let least = max(1, Int(min(Double((Self.worthRebalancing / 4).count) / itemTime, 1e9)))
    let count = min(freeWorkers + 1, chunk.count / least)
    // Parts are copies, which are made under the pool's lock.
    guard count > 1, chunk.seat == nil, chunk.payload.byteCount <= Pacing.windowBytes else { return [chunk] }
    var parts: [Chunk<Payload>] = []
    var rest = chunk
    for left in stride(from: count, to: 1, by: -1) {
      let (first, others) = rest.split(after: rest.count / left)
      parts.append(first)
      rest = others
    }
    return parts + [rest]
  }
}

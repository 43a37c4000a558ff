import Glibc
import ProcPoolProtocol
import ProcPoolSystem
import ProcPoolWire
import ProcPoolWorker

// Answers that are due at once, on the thread of the caller who waits for them.

extension PoolRuntime {
  /// Submits the one chunk of a call and, if a worker is idle and the answer may come soon, reads it on this
  /// thread: the two threads that would have to be woken otherwise cost more than a short item does.
  ///
  /// Polls while a processor is left for it, and rarely for tasks whose answers did not come in time lately.
  ///
  /// - Parameters:
  ///   - key: the type of the task.
  ///   - isReady: whether the answer has come.
  func submitAndPoll(_ chunks: [Chunk<InputSlice>], key: ObjectIdentifier, until isReady: () -> Bool) {
    guard settings.pollingTimes.frame > 0, let call = chunks.first?.call else { return submit(chunks) }
    let (link, effects) = decide { state, effects -> WorkerLink? in
      state.scheduler.accept(chunks, now: MonotonicClock.now())
      guard state.scheduler.busyPlaces < PoolSizing.processors,
        state.polling[key, default: PollingRecord()].mayPoll()
      else { return nil }
      let place = state.scheduler.places.firstIndex { $0.queue.count == 1 && $0.queue.first!.call == call }
      return place.flatMap { state.links[$0] }
    }
    guard let link else { return carryOut(effects) }
    // So that the answer does not wake the runtime thread. Fails only for a worker that has just ended.
    try? poller.modify(link.results, for: [], token: LinkToken(link, .results).rawValue)
    carryOut(effects)
    let bytes = chunks.reduce(0) { $0 + $1.payload.byteCount } + (chunks.first?.payload.room?.expected ?? 0)
    poll([link], key: key, for: Self.answerTime + CopyingTime.of(bytes), until: isReady)
  }

  /// Reads the answers to the last few items of a call on this thread, if they may come soon: as
  /// `submitAndPoll` does, and for the same reason.
  ///
  /// - Parameter key: the type of the task.
  func pollForEnd(of box: CallBox, key: ObjectIdentifier) {
    guard settings.pollingTimes.frame > 0 else { return }
    let links = state.withLock { state -> [WorkerLink] in
      guard !box.hasChanged, state.scheduler.isEnding(box.id),
        state.scheduler.busyPlaces <= PoolSizing.processors,
        state.polling[key, default: PollingRecord()].mayPoll()
      else { return [] }
      box.waitsForEnd = true
      return state.scheduler.places.indices.compactMap { index in
        state.scheduler.places[index].queue.contains { $0.call == box.id } ? state.links[index] : nil
      }
    }
    guard !links.isEmpty else { return }
    for link in links { try? poller.modify(link.results, for: [], token: LinkToken(link, .results).rawValue) }
    poll(links, key: key, for: Self.endTime) { state.withLock { _ in box.hasChanged } }
  }

  /// Waits a moment for news of a call whose caller is about to run code of its own that takes long.
  func pollForNews(of box: CallBox) {
    let deadline = MonotonicClock.now() + Self.answerTime
    while state.withLock({ _ in !box.hasChanged }), MonotonicClock.now() < deadline { sched_yield() }
  }

  /// Reads what comes from workers of which the poller tells nothing, for a moment; then it does again.
  private func poll(
    _ links: [WorkerLink], key: ObjectIdentifier, for time: Int64, until isReady: () -> Bool
  ) {
    let deadline = MonotonicClock.now() + time
    while !isReady(), MonotonicClock.now() < deadline {
      for link in links {
        // The end of the stream is left to the runtime thread, which will see it too.
        _ = receiving.withLockIfAvailable { _ in link.isResultsOpen ? readOnce(link) : .closed }
      }
      // Whoever is to answer may be waiting for this very processor.
      sched_yield()
    }
    for link in links {
      try? poller.modify(link.results, for: .readable, token: LinkToken(link, .results).rawValue)
    }
    let isHit = isReady()
    change { state, _ in
      state.polling[key, default: PollingRecord()].note(isHit: isHit)
      // The runtime thread has not seen that a worker has nothing left to do while another has too much.
      if state.scheduler.timeToShare != nil { state.needsTick = true }
    }
  }

  /// How long a caller polls for an answer, beside the time that long payloads take: somewhat longer than a worker that sleeps takes
  /// to wake up and to answer, on a virtual machine too, where that is 80 to 150 µs (measured). With less,
  /// calls that have once been too late for the worker's own polling would all be: each would find it asleep.
  /// Nanoseconds.
  private static let answerTime: Int64 = 200_000

  /// How long a caller polls for the end of a call: as long as a small part of a product takes, and not much longer than
  /// it would take to wake two threads instead, which was a fifth of such a call (measured). Nanoseconds.
  private static let endTime: Int64 = 500_000
}

/// Whether polling for the answers of a kind of task has paid lately.
struct PollingRecord {
  private var misses = 0
  private var skipped = 0

  /// So many misses in a row are taken for a habit, and from then on only one call in so many tries again: a
  /// task that takes longer costs its callers some three microseconds of polling each.
  private static let patience = 2
  private static let interval = 64

  mutating func mayPoll() -> Bool {
    if misses < Self.patience { return true }
    skipped = (skipped + 1) % Self.interval
    return skipped == 0
  }

  mutating func note(isHit: Bool) {
    misses = isHit ? 0 : misses + 1
  }
}

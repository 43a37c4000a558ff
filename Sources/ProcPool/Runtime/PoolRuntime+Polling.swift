import Glibc
import ProcPoolProtocol
import ProcPoolSystem

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
    let (worker, effects) = decide { state, effects -> WorkerConnection? in
      state.scheduler.accept(chunks, now: .now())
      guard state.scheduler.busyPlaces < PoolSizing.processors, state.calls.mayPoll(key) else { return nil }
      return state.scheduler.place(running: call).flatMap { state.workers[$0]?.connection }
    }
    guard let worker else { return carryOut(effects) }
    // So that the answer does not wake the runtime thread.
    worker.watchResults(for: [], with: poller)
    carryOut(effects)
    let bytes = chunks.reduce(0) { $0 + $1.payload.byteCount } + (chunks.first?.payload.room?.expected ?? 0)
    poll([worker], key: key, for: Self.answerTime + CopyingTime.of(bytes), until: isReady)
  }

  /// Reads the answers to the last few items of a call on this thread, if they may come soon: as
  /// `submitAndPoll` does, and for the same reason.
  ///
  /// - Parameter key: the type of the task.
  func pollForEnd(of box: CallBox, key: ObjectIdentifier) {
    guard settings.pollingTimes.frame > 0 else { return }
    let workers = state.withLock { state -> [WorkerConnection] in
      guard !box.hasChanged, state.scheduler.isEnding(box.id),
        state.scheduler.busyPlaces <= PoolSizing.processors, state.calls.mayPoll(key)
      else { return [] }
      box.waitsForEnd = true
      return state.scheduler.places(with: box.id).compactMap { state.workers[$0]?.connection }
    }
    guard !workers.isEmpty else { return }
    for worker in workers { worker.watchResults(for: [], with: poller) }
    poll(workers, key: key, for: Self.endTime) { state.withLock { _ in box.hasChanged } }
  }

  /// Waits a moment for news of a call whose caller is about to run code of its own that takes long.
  func pollForNews(of box: CallBox) {
    let deadline = MonotonicClock.now() + Self.answerTime
    while state.withLock({ _ in !box.hasChanged }), MonotonicClock.now() < deadline { sched_yield() }
  }

  /// Reads what comes from workers that the poller does not report, for a moment; then it reports them again.
  private func poll(
    _ workers: [WorkerConnection], key: ObjectIdentifier, for time: Int64, until isReady: () -> Bool
  ) {
    let deadline = MonotonicClock.now() + time
    while !isReady(), MonotonicClock.now() < deadline {
      for worker in workers {
        // The end of the stream is left to the runtime thread, which will see it too.
        _ = worker.incoming.withLockIfAvailable { incoming in
          incoming.isOpen ? readOnce(worker, &incoming) : .closed
        }
      }
      // The worker may be waiting for this very processor.
      sched_yield()
    }
    for worker in workers { worker.watchResults(for: .readable, with: poller) }
    let isHit = isReady()
    change { state, _ in
      state.calls.notePoll(key, isHit: isHit)
      // The runtime thread has not seen that a worker has nothing left to do while another has too much.
      if state.scheduler.timeToShare != nil { state.clockwork.needsPeek = true }
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

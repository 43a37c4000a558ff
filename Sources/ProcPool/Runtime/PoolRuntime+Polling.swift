import Glibc
import ProcPoolProtocol
import ProcPoolSystem

// Short answers that are read on the thread of the waiting caller.

extension PoolRuntime {
  /// Submits the only chunk of a call. If a worker is idle and the answer may come soon, also reads
  /// the answer on this thread, because waking two other threads costs more than a short item.
  ///
  /// Polls only while there is a free processor, and rarely for tasks whose latest answers came too
  /// late.
  ///
  /// - Parameters:
  ///   - key: the type of the task.
  ///   - isReady: whether the answer has come.
  func submitAndPoll(_ chunks: [Chunk<InputSlice>], key: ObjectIdentifier, until isReady: () -> Bool) {
    guard let call = chunks.first?.call else { return submit(chunks) }
    let (worker, effects) = decide { state, effects -> WorkerConnection? in
      state.scheduler.accept(chunks, now: .now())
      guard state.scheduler.busyPlaces < PoolSizing.processors, state.calls.mayPoll(key) else { return nil }
      return state.scheduler.place(running: call).flatMap { state.workers[$0]?.connection }
    }
    guard let worker else { return carryOut(effects) }
    // So that the answer does not wake the runtime thread as well.
    worker.watchResults(for: [], with: poller)
    carryOut(effects)
    let bytes = chunks.reduce(0) { $0 + $1.payload.byteCount } + (chunks.first?.payload.room?.expected ?? 0)
    poll([worker], key: key, for: Self.answerTime + CopyingTime.of(bytes), until: isReady)
  }

  /// Reads the last answers of a call on this thread, if they may come soon, for the same reason as
  /// `submitAndPoll`.
  ///
  /// - Parameter key: the type of the task.
  func pollForEnd(of box: CallRecord, key: ObjectIdentifier) {
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

  /// Polls briefly for news of a call whose caller is about to run its own code for long.
  func pollForNews(of box: CallRecord) {
    let deadline = MonotonicClock.now() + Self.answerTime
    while state.withLock({ _ in !box.hasChanged }), MonotonicClock.now() < deadline { sched_yield() }
  }

  /// Reads from workers that the poller does not report, for a short time; then the poller reports
  /// them again.
  private func poll(
    _ workers: [WorkerConnection], key: ObjectIdentifier, for time: Int64, until isReady: () -> Bool
  ) {
    let deadline = MonotonicClock.now() + time
    while !isReady(), MonotonicClock.now() < deadline {
      for worker in workers {
        // The end of the stream is left to the runtime thread, which also sees it.
        _ = worker.incoming.withLockIfAvailable { incoming in
          incoming.isOpen ? readOnce(worker, &incoming) : .closed
        }
      }
      // The worker may be waiting for this processor.
      sched_yield()
    }
    for worker in workers { worker.watchResults(for: .readable, with: poller) }
    let isHit = isReady()
    change { state, _ in
      state.calls.notePoll(key, isHit: isHit)
      // The runtime thread does not know yet that a worker is idle while another has too much work.
      if state.scheduler.timeUntilRebalancing != nil { state.clockwork.needsPeek = true }
    }
  }

  /// How long a caller polls for an answer, in nanoseconds, in addition to the time for long
  /// payloads. It is somewhat longer than a sleeping worker takes to wake up and answer: 80 to 150
  /// µs on a virtual machine (measured). With less, all calls would be too late after the first one
  /// that missed the worker's own polling time, because each would find the worker asleep.
  private static let answerTime: Int64 = 200_000

  /// How long a caller polls for the end of a call, in nanoseconds: the duration of a small part of
  /// a product, and not much longer than waking two threads instead, which took a fifth of such a
  /// call (measured).
  private static let endTime: Int64 = 500_000
}

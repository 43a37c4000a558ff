import ProcPoolProtocol
import ProcPoolSystem
import ProcPoolWorker

// Statistics of workers and calls.

extension PoolRuntime {
  var statistics: PoolStatistics {
    if isInCopy { return PoolStatistics() }
    let (times, copied) = times.read()
    // Read once, because reading the clock takes as long as reading the numbers of a worker.
    let now = MonotonicClock.now()
    return state.withLock { state in
      var statistics = state.ledger.statistics
      var workers = WorkerRecord()
      for record in Array(state.ledger.former) + [state.ledger.formerStandby] {
        workers.times &+= record.times
        workers.bytesCopied &+= record.bytesCopied
      }
      for worker in state.workers.all { workers.add(worker, now: now) }
      statistics.bytesCopied = copied &+ workers.bytesCopied
      statistics.coordinator = TimeSplit(times)
      statistics.workers = TimeSplit(workers.times)
      let sent = state.scheduler.sent
      statistics.chunksSent = sent.chunks
      statistics.queued = .nanoseconds(sent.queued.count)
      return statistics
    }
  }

  // MARK: - Workers

  var workerStatistics: [WorkerStatistics] {
    if isInCopy { return [] }
    let now = MonotonicClock.now()
    var workers = state.withLock { state in
      var records = state.ledger.former
      // Including workers that have no seat any more and have not ended yet.
      for worker in state.workers.all where worker.hasSeat {
        records[worker.worker].add(worker, now: now)
      }
      return records.indices.map { id in
        let place = state.scheduler.place(of: id)
        let held = state.scheduler.holdings(of: place)
        let record = records[id]
        let worker = state.workers[place].flatMap { $0.hasSeat ? $0 : nil }
        var running: ItemID?
        if let progress = worker?.progress, progress.phase != .idle {
          running = state.scheduler.item(at: progress.position, step: progress.step, of: place)
        }
        return WorkerStatistics(
          worker: id, pid: worker?.connection.pid, running: running,
          itemsHeld: held.items,
          chunksHeld: held.chunks, itemsFinished: record.itemsFinished,
          bytesSent: record.bytesSent, bytesReceived: record.bytesReceived, bytesCopied: record.bytesCopied,
          time: TimeSplit(record.times), restarts: max(0, record.starts - 1), losses: record.losses,
          memory: nil)
      }
    }
    // Outside the lock, because files are read.
    if settings.abilities.contains(.hasOwnMemory) {
      for index in workers.indices {
        workers[index].memory = workers[index].pid.flatMap { ProcessMemory.privateBytes(of: $0) }
      }
    }
    return workers
  }

  // MARK: - Calls

  /// Records the statistics of a call that has ended.
  func record(_ box: CallRecord, _ end: PoolStatistics, _ state: inout PoolState) {
    guard let last = describe(box, end, isOver: true, state) else { return }
    areSinglesOld.store(true, ordering: .relaxed)
    state.calls.retire(box)
    state.ledger.remember(last)
  }

  /// The recorded and the running calls of several items.
  var callStatistics: [CallStatistics] {
    if isInCopy { return [] }
    let end = statistics
    return state.withLock { state in
      let present = state.calls.long.values.compactMap { describe($0, end, isOver: false, state) }
      // Calls are numbered in the order in which they begin.
      return (state.ledger.pastCalls + present).sorted { $0.call < $1.call }
    }
  }

  /// The call to be explained: the latest running call of several items, or else the call that
  /// ended last.
  var latestCall: CallStatistics? {
    let end = statistics
    return state.withLock { state in
      if let present = state.calls.long.values.max(by: { $0.start!.time < $1.start!.time }) {
        return describe(present, end, isOver: false, state)
      }
      let past = state.ledger.pastCalls.last
      if let past, past.ended >= state.ledger.singleCalls.ended { return past }
      return state.ledger.singleCalls.statistics(inPool: state.calls.count, end)
    }
  }

  /// - Parameters:
  ///   - end: the pool's statistics now.
  ///   - isOver: whether its caller wants nothing more of it.
  /// - Returns: `nil` for a call of one item.
  private func describe(
    _ box: CallRecord, _ end: PoolStatistics, isOver: Bool, _ state: borrowing PoolState
  ) -> CallStatistics? {
    let call = state.scheduler.progress(of: box.id)
    guard let start = box.start, let counts = call?.counts ?? start.counts else { return nil }
    let now = MonotonicClock.now()
    /// The span since an instant; zero if there was none.
    func span(since start: Int64?, until end: Int64? = nil) -> Duration {
      .nanoseconds(start.map { max(0, (end ?? now) - $0) } ?? 0)
    }
    return CallStatistics(
      call: box.id, task: TaskLabel.name(of: box.task), chunkSize: start.chunkSize, isOver: isOver,
      elapsed: span(since: start.time), ended: now,
      itemsFinished: counts.ended, itemsFailed: box.failures, itemsWaiting: call?.waiting ?? 0,
      itemsInWorkers: call?.inFlight ?? 0,
      itemTime: state.scheduler.measuredItemTime(of: box.id).map { .nanoseconds(Int64($0)) },
      chunks: counts.chunks, bytesSent: counts.bytes, bytesReceived: box.bytesReceived,
      queued: .nanoseconds(counts.queued.count),
      startUp: span(since: counts.firstAccepted?.time, until: state.ledger.firstTakeUp),
      starved: .nanoseconds(counts.empty.count), tail: span(since: counts.lastGiven?.time),
      pool: end - start.pool)
  }
}

import ProcPoolProtocol
import ProcPoolSystem
import ProcPoolWorker

// What is known of workers and calls, for those who ask.

/// What there was when a call began.
///
/// - Because a class: most calls have one item and none of this, and need not have the room for it. Because
///   `@unchecked Sendable`: the constants are shared freely, and the rest belongs to the pool's lock.
final class CallStart: @unchecked Sendable {
  let time: Int64
  let pool: PoolStatistics
  /// How many items the caller wants in a chunk, if he does.
  let chunkSize: Int?
  /// What the scheduler had counted when it forgot the call.
  var counts: CallCounts?

  init(time: Int64, _ pool: PoolStatistics, chunkSize: Int?) {
    self.time = time
    self.pool = pool
    self.chunkSize = chunkSize
  }
}

/// What processes that were one of the pool's workers, one after the other, have done.
struct WorkerRecord {
  var starts = 0
  var losses = 0
  var itemsFinished: UInt64 = 0
  var bytesSent: UInt64 = 0
  var bytesReceived: UInt64 = 0
  var bytesCopied: UInt64 = 0
  var times = ActivityTimes()

  /// - Parameter now: until when what it is doing is counted.
  mutating func add(_ link: WorkerLink, now: Int64) {
    let (times, copied) = link.page.spent(until: now)
    itemsFinished += link.itemsFinished
    bytesSent += link.written
    bytesReceived += link.bytesReceived
    bytesCopied &+= copied
    self.times &+= times
  }
}

/// Calls of one item since the last one of several was over, all together: there may be so many that to keep something
/// of each would cost more than they do.
struct SingleCalls {
  /// What there was when the first began.
  private let start: CallStart?
  private(set) var ended: Int64 = 0
  private var finished: UInt64 = 0
  private var failures: UInt64 = 0
  private var bytesReceived: UInt64 = 0

  init(since start: CallStart? = nil) { self.start = start }

  mutating func noteEnded(_ box: CallBox, now: Int64) {
    ended = now
    finished += 1
    failures += box.failures
    bytesReceived += box.bytesReceived
  }

  /// - Parameters:
  ///   - inPool: how many go on.
  ///   - end: the pool's statistics now.
  func statistics(inPool: Int, _ end: PoolStatistics) -> CallStatistics? {
    guard finished > 0, let start else { return nil }
    let spent = end - start.pool
    return CallStatistics(
      call: 0, task: "", chunkSize: nil, isOver: inPool == 0, elapsed: .nanoseconds(ended - start.time),
      ended: ended,
      itemsFinished: finished, itemsFailed: failures, itemsWaiting: 0, itemsInWorkers: inPool,
      itemTime: nil, chunks: finished, bytesSent: spent.bytesSent, bytesReceived: bytesReceived,
      queued: .zero, startUp: .zero, starved: .zero, tail: .zero, pool: spent)
  }
}

extension PoolRuntime.State {
  /// Keeps what a worker that has ended had done.
  mutating func noteEnd(of link: WorkerLink, now: Int64) {
    if link.hasSeat {
      former[link.worker.index].add(link, now: now)
    } else {
      formerStandby.add(link, now: now)
    }
  }
}

extension PoolRuntime {
  /// So many calls that are over can be asked about.
  static let rememberedCalls = 16

  var statistics: PoolStatistics {
    if isInCopy { return PoolStatistics() }
    let (times, copied) = times.read()
    // Once, because it takes as long as what is read of a worker.
    let now = MonotonicClock.now()
    return state.withLock { state in
      var statistics = state.statistics
      var workers = WorkerRecord()
      for record in state.former + [state.formerStandby] {
        workers.times &+= record.times
        workers.bytesCopied &+= record.bytesCopied
      }
      for case .some(let link) in state.links { workers.add(link, now: now) }
      statistics.bytesCopied = copied &+ workers.bytesCopied
      statistics.coordinator = TimeSplit(times)
      statistics.workers = TimeSplit(workers.times)
      statistics.chunksSent = state.scheduler.chunksSent
      statistics.queued = .nanoseconds(state.scheduler.queued)
      return statistics
    }
  }

  // MARK: - Workers

  var workerStatistics: [WorkerStatistics] {
    if isInCopy { return [] }
    let now = MonotonicClock.now()
    var workers = state.withLock { state in
      var records = state.former
      // Those too that have no seat any more and have not left yet.
      for case .some(let link) in state.links where link.hasSeat {
        records[link.worker.index].add(link, now: now)
      }
      return state.scheduler.seats.indices.map { seat in
        let index = state.scheduler.seats[seat]
        let place = state.scheduler.places[index]
        let record = records[seat]
        let link = state.links[index].flatMap { $0.hasSeat ? $0 : nil }
        var running: ItemID?
        if let link, link.isPageShared {
          let progress = link.page.progress
          if progress.phase != .idle {
            running = state.scheduler.item(at: progress.position, step: progress.step, of: index)
          }
        }
        return WorkerStatistics(
          worker: WorkerID(index: seat), pid: link?.pid, running: running, itemsHeld: place.items,
          chunksHeld: place.queue.count, itemsFinished: record.itemsFinished,
          bytesSent: record.bytesSent, bytesReceived: record.bytesReceived, bytesCopied: record.bytesCopied,
          time: TimeSplit(record.times), restarts: max(0, record.starts - 1), losses: record.losses,
          memory: nil)
      }
    }
    // Outside of the lock: these are files.
    if case .executable = settings.program {
      for index in workers.indices {
        workers[index].memory = workers[index].pid.flatMap { ProcessMemory.ofItsOwn($0) }
      }
    }
    return workers
  }

  // MARK: - Calls

  /// Keeps what is known of a call that is over.
  func record(_ box: CallBox, _ end: PoolStatistics, _ state: inout State) {
    guard let last = describe(box, end, isOver: true, state) else { return }
    areSinglesOld.store(true, ordering: .relaxed)
    state.longCalls[box.id] = nil
    state.pastCalls.append(last)
    if state.pastCalls.count > Self.rememberedCalls { state.pastCalls.removeFirst() }
  }

  /// Calls of several items: those that are remembered, and those that go on.
  var callStatistics: [CallStatistics] {
    if isInCopy { return [] }
    let end = statistics
    return state.withLock { state in
      let present = state.longCalls.values.compactMap { describe($0, end, isOver: false, state) }
      // Numbers are given in the order in which calls begin.
      return (state.pastCalls + present).sorted { $0.call < $1.call }
    }
  }

  /// The call to be explained: one of several items that goes on, or else what was over last.
  var latestCall: CallStatistics? {
    let end = statistics
    return state.withLock { state in
      if let present = state.longCalls.values.max(by: { $0.start!.time < $1.start!.time }) {
        return describe(present, end, isOver: false, state)
      }
      let past = state.pastCalls.last
      if let past, past.ended >= state.singleCalls.ended { return past }
      return state.singleCalls.statistics(inPool: state.boxes.count, end)
    }
  }

  /// - Parameters:
  ///   - end: the pool's statistics now.
  ///   - isOver: whether its caller wants no more of it.
  /// - Returns: `nil` for a call of one item.
  private func describe(
    _ box: CallBox, _ end: PoolStatistics, isOver: Bool, _ state: borrowing State
  ) -> CallStatistics? {
    let call = state.scheduler.calls[box.id]
    guard let start = box.start, let counts = call?.counts ?? start.counts else { return nil }
    let now = MonotonicClock.now()
    func span(_ from: Int64, _ to: Int64) -> Duration {
      .nanoseconds(from > 0 ? max(0, (to > 0 ? to : now) - from) : 0)
    }
    return CallStatistics(
      call: box.id, task: TaskLabel.name(of: box.task), chunkSize: start.chunkSize, isOver: isOver,
      elapsed: span(start.time, now), ended: now,
      itemsFinished: counts.ended, itemsFailed: box.failures, itemsWaiting: call?.pendingItems ?? 0,
      itemsInWorkers: call?.inFlight ?? 0,
      itemTime: call.flatMap { $0.isMeasured ? .nanoseconds(Int64($0.itemTime)) : nil },
      chunks: counts.chunks, bytesSent: counts.bytes, bytesReceived: box.bytesReceived,
      queued: .nanoseconds(counts.queued), startUp: span(counts.firstAccepted, state.firstBegun),
      starved: .nanoseconds(counts.empty), tail: span(counts.lastGiven, now), pool: end - start.pool)
  }
}

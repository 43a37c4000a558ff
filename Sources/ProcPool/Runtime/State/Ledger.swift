import ProcPoolProtocol

/// What a pool has done so far: counts of workers that have ended, and of calls that are over.
struct Ledger {
  var statistics = PoolStatistics()
  /// What processes that have ended had done, by the worker that they were last.
  private(set) var former: Table<WorkerID, WorkerRecord>
  /// What processes had done that ended without having been a worker.
  private(set) var formerStandby = WorkerRecord()
  /// When a worker took up work for the first time.
  private(set) var firstTakeUp: Int64?
  /// Calls of several items that are over, the latest last.
  private(set) var pastCalls: [CallStatistics] = []
  var singleCalls = SingleCalls()

  /// How many calls that are over are remembered.
  private static let rememberedCalls = 16

  init(workers: Int) { former = Table(Array(repeating: WorkerRecord(), count: workers)) }

  /// Counts a worker that has taken up work.
  ///
  /// - Returns: how many processes were this worker before.
  mutating func noteTakeUp(worker: WorkerID, now: Int64) -> Int {
    firstTakeUp = firstTakeUp ?? now
    defer { former[worker].starts += 1 }
    return former[worker].starts
  }

  mutating func noteLoss(of worker: WorkerEntry) {
    statistics.workersLost += 1
    if worker.hasSeat { former[worker.worker].losses += 1 }
  }

  /// Keeps what a worker that has ended had done.
  mutating func noteEnd(of worker: WorkerEntry, now: Int64) {
    if worker.hasSeat {
      former[worker.worker].add(worker, now: now)
    } else {
      formerStandby.add(worker, now: now)
    }
  }

  mutating func remember(_ call: CallStatistics) {
    pastCalls.append(call)
    if pastCalls.count > Self.rememberedCalls { pastCalls.removeFirst() }
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

  /// - Parameter now: until when the worker's current activity is counted.
  mutating func add(_ worker: WorkerEntry, now: Int64) {
    let (times, copied) = worker.connection.page.spent(until: now)
    itemsFinished += worker.itemsFinished
    bytesSent += worker.outgoing.written
    bytesReceived += worker.bytesReceived
    bytesCopied &+= copied
    self.times &+= times
  }
}

/// What there was when a call began.
///
/// A class because most calls have one item and none of this, and need not have the room for it.
// Safety: `@unchecked Sendable` because the constants are shared freely, and `counts` belongs to the pool's lock.
final class CallStart: @unchecked Sendable {
  let time: Int64
  let pool: PoolStatistics
  /// The chunk size that the caller asked for.
  let chunkSize: Int?
  /// What the scheduler had counted when it forgot the call.
  var counts: CallCounts?

  init(time: Int64, _ pool: PoolStatistics, chunkSize: Int?) {
    self.time = time
    self.pool = pool
    self.chunkSize = chunkSize
  }
}

/// Calls of one item since the last call of several items was over, together: there may be so many that a record for
/// each would cost more than they do.
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
  ///   - inPool: how many have not ended.
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

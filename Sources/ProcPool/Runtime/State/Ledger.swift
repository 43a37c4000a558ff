import ProcPoolProtocol

/// The totals of a pool: workers that have ended, and calls that have ended.
struct Ledger {
  var statistics = PoolStatistics()
  /// The records of ended processes, by the last worker that they were.
  private(set) var former: Table<WorkerID, WorkerRecord>
  /// The record of ended processes that never became a worker.
  private(set) var formerStandby = WorkerRecord()
  /// When the first worker took up work.
  private(set) var firstTakeUp: Int64?
  /// Calls of several items that have ended, the latest last.
  private(set) var pastCalls: [CallStatistics] = []
  var singleCalls = SingleCalls()

  /// The maximum number of remembered calls.
  private static let rememberedCalls = 16

  init(workers: Int) { former = Table(Array(repeating: WorkerRecord(), count: workers)) }

  /// Counts a process that has become a worker.
  ///
  /// - Returns: the number of earlier processes of this worker.
  mutating func noteTakeUp(worker: WorkerID, now: Int64) -> Int {
    firstTakeUp = firstTakeUp ?? now
    defer { former[worker].starts += 1 }
    return former[worker].starts
  }

  mutating func noteLoss(of worker: WorkerEntry) {
    statistics.workersLost += 1
    if worker.hasSeat { former[worker.worker].losses += 1 }
  }

  /// Adds the record of a worker that has ended.
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

/// The record of the successive processes of a worker.
struct WorkerRecord {
  var starts = 0
  var losses = 0
  var itemsFinished: UInt64 = 0
  var bytesSent: UInt64 = 0
  var bytesReceived: UInt64 = 0
  var bytesCopied: UInt64 = 0
  var times = ActivityTimes()

  /// - Parameter now: the time until which the current activity is counted.
  mutating func add(_ worker: WorkerEntry, now: Int64) {
    let (times, copied) = worker.connection.page.spent(until: now)
    itemsFinished += worker.itemsFinished
    bytesSent += worker.outgoing.written
    bytesReceived += worker.bytesReceived
    bytesCopied &+= copied
    self.times &+= times
  }
}

/// The circumstances at the start of a call.
///
/// A class because most calls have one item and need no room for this.
// Safety: `@unchecked Sendable` because the constants are immutable, and `counts` is guarded by the
// pool's lock.
final class CallStart: @unchecked Sendable {
  let time: Int64
  let pool: PoolStatistics
  /// The chunk size that the caller requested.
  let chunkSize: Int?
  /// The scheduler's counters when it forgot the call.
  var counts: CallCounts?

  init(time: Int64, _ pool: PoolStatistics, chunkSize: Int?) {
    self.time = time
    self.pool = pool
    self.chunkSize = chunkSize
  }
}

/// The total of the single-item calls since the last call of several items ended. A separate record
/// for each could cost more than the call itself.
struct SingleCalls {
  /// The circumstances at the start of the first.
  private let start: CallStart?
  private(set) var ended: Int64 = 0
  private var finished: UInt64 = 0
  private var failures: UInt64 = 0
  private var bytesReceived: UInt64 = 0

  init(since start: CallStart? = nil) { self.start = start }

  mutating func noteEnded(_ box: CallRecord, now: Int64) {
    ended = now
    finished += 1
    failures += box.failures
    bytesReceived += box.bytesReceived
  }

  /// - Parameters:
  ///   - inPool: the number of calls that have not ended.
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

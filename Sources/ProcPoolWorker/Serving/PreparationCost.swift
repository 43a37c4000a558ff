import ProcPoolProtocol
import ProcPoolSystem

/// What it costs to prepare the task of a call: the time of decoding and of `prepare`, without what lies between
/// them, and the memory that the worker has more of afterwards.
struct PreparationCost {
  /// The number by which the task is kept; 0 if it is not.
  let number: UInt64
  private let measuresMemory: Bool
  private var memory: MemoryReading?
  private var time: Int64 = 0
  private var start: Int64 = 0

  init(number: UInt64 = 0, measuresMemory: Bool = false) {
    self.number = number
    self.measuresMemory = measuresMemory && number != 0
  }

  /// The task is about to be decoded.
  ///
  /// - Parameters:
  ///   - type: the type of the task, if it is known from an earlier call.
  ///   - bytes: the length of the encoded task.
  mutating func begin(_ type: KnownTask?, bytes: Int) {
    // Reading the memory takes longer than some calls, so it is skipped for types that are known to be cheap.
    if measuresMemory, type?.isCheap != true { memory = MemoryReading() }
    // The first value of a type is decoded more slowly than all others, because the runtime looks up the type's
    // conformances. That does not make a short task worth keeping.
    start = type == nil && bytes < ActivityClock.longValue ? .max : MonotonicClock.now()
  }

  /// The task has been decoded.
  mutating func pause() {
    if start != .max { time = MonotonicClock.now() - start }
  }

  /// `prepare` is about to run.
  mutating func resume() { start = MonotonicClock.now() }

  /// `prepare` has run.
  ///
  /// - Parameter latest: the worker's memory when it was last measured. Counted from if the memory before is not known:
  ///   too much is better than too little, and the next task of this type is measured.
  /// - Returns: what it cost; `nil` if that is not worth mentioning.
  mutating func end(_ type: KnownTask?, latest: inout MemoryReading?) -> PreparationReport? {
    time += MonotonicClock.now() - start
    type?.isCheap = time < PreparationReport.shortest
    latest = latest ?? memory
    guard time >= PreparationReport.shortest else { return nil }
    var report = PreparationReport(time: UInt64(time), memory: 0)
    guard measuresMemory else { return report }
    let now = MemoryReading()
    report.memory = (memory ?? latest).map { UInt64(now.growth(since: $0)) } ?? 0
    latest = now
    return report
  }
}

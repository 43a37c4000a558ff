import ProcPoolSystem
import Synchronization

// What programs may look at that are neither the worker nor its coordinator: who the worker is, and what it is on.
//
// | offset | what | written by |
// |---|---|---|
// | 512 | what this is, and in which version | the coordinator |
// | 520 | the process; 0 if there is none | the coordinator |
// | 528 | which of the pool's workers it is, and one; 0 if it is none yet | the coordinator |
// | 536 | when it was started, by the monotonic clock | the coordinator |
// | 544 | how many processes were this worker before | the coordinator |
// | 552 | items that ended in processes whose page this was before | the coordinator |
// | 576 | the call of the chunk that the worker is on | the worker |
// | 584 | the first item of the chunk, and its position (592) | the worker |
// | 640 | the name of the task's type, 64 bytes of UTF-8, filled up with zeros | the worker |

/// The name of a task's type, as much of it as there is room for on a page.
package typealias TaskLabel = SIMD8<UInt64>

extension TaskLabel {
  /// What users call a type of task: that of a reduction is their own task's.
  package static func name(of type: any Any.Type) -> String {
    _typeName((type as? any ReductionOfTask.Type)?.reducedTask ?? type, qualified: false)
  }

  init(_ type: any Any.Type) {
    self.init()
    let name = Self.name(of: type)
    withUnsafeMutableBytes(of: &self) { $0.copyBytes(from: name.utf8.prefix($0.count)) }
  }

  var text: String {
    withUnsafeBytes(of: self) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}

extension StatusPage {
  /// The name of the file in memory that holds a pool's pages, one after the other: by it they are found.
  package static let fileName = "procpool-status"

  /// "procpool", read as a number, and the version of the layout.
  private static let signature: UInt64 = 0x6c6f_6f70_636f_7270 &+ 1

  private func word(_ offset: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
    (base + offset).assumingMemoryBound(to: Atomic<UInt64>.self)
  }

  private func load(_ offset: Int) -> UInt64 { word(offset).pointee.load(ordering: .relaxed) }

  private func store(_ value: UInt64, _ offset: Int) { word(offset).pointee.store(value, ordering: .relaxed) }

  /// The items of all processes that have had the page are counted together; everything else is the new one's.
  func resetSight() {
    let items = load(512) == Self.signature ? load(552) &+ progress.position : 0
    for offset in stride(from: 512, to: 640 + MemoryLayout<TaskLabel>.size, by: 8) {
      (base + offset).bindMemory(to: Atomic<UInt64>.self, capacity: 1).initialize(to: Atomic(0))
    }
    store(UInt64(bitPattern: MonotonicClock.now()), 536)
    store(items, 552)
    word(512).pointee.store(Self.signature, ordering: .releasing)
  }

  /// Says which process the worker is; `nil` when it has ended.
  package func note(process: Int32?) { store(UInt64(process ?? 0), 520) }

  /// - Parameter restarts: how many processes were this worker before.
  package func note(worker: WorkerID, restarts: Int) {
    store(UInt64(restarts), 544)
    store(UInt64(worker.index) + 1, 528)
  }

  func noteChunk(call: UInt32, first: UInt64, position: UInt64) {
    // A reader that sees one of them of another chunk sees, by the position, that they do not fit, or takes one item
    // of the chunk for another.
    store(position, 592)
    store(first, 584)
    store(UInt64(call), 576)
  }

  func note(_ task: TaskLabel) {
    for index in task.indices { store(task[index], 640 + 8 * index) }
  }
}

extension StatusPage {
  /// Items that have ended in all processes that have had this page; 0 if it is a page of another version.
  package var itemsOfAll: UInt64 {
    word(512).pointee.load(ordering: .acquiring) == Self.signature ? load(552) &+ progress.position : 0
  }

  /// A worker, as it looks from outside.
  package struct Sight: Sendable {
    package var process: Int32
    /// `nil` if it stands by.
    package var worker: WorkerID?
    /// By the monotonic clock.
    package var started: Int64
    /// How many processes were this worker before.
    package var restarts: Int
    package var progress: Progress
    /// What it is running, and the type of that task; `nil` if nothing.
    package var running: ItemID?
    package var task: String
    /// Whether what it is running is the first item of its chunk.
    package var isFirstOfChunk: Bool
    package var times: ActivityTimes
    /// What its time goes into, and since when.
    package var activity: Activity
    package var since: Int64
  }

  /// What the worker looks like, to a program that has the page but nothing to do with the pool.
  ///
  /// - Returns: `nil` if there is no process, or the page is of another version of procpool.
  package func look(now: Int64) -> Sight? {
    guard word(512).pointee.load(ordering: .acquiring) == Self.signature,
      let process = Int32(exactly: load(520)),
      process > 0
    else { return nil }
    let times = spent(until: now).times
    let (activity, since) = clock.current
    let progress = progress
    let (call, first, start) = (load(576), load(584), load(592))
    var label = TaskLabel()
    for index in label.indices { label[index] = load(640 + 8 * index) }
    // Of what a task may have written here nothing is believed that makes no sense.
    let isRunning = progress.phase != .idle && call > 0 && progress.position >= start
    let item = progress.step ?? first &+ (progress.position &- start)
    let running =
      isRunning ? UInt32(exactly: call).map { ItemID(call: $0, index: Int(clamping: item)) } : nil
    return Sight(
      process: process, worker: load(528) > 0 ? WorkerID(index: Int(clamping: load(528) - 1)) : nil,
      started: min(now, max(0, Int64(bitPattern: load(536)))), restarts: Int(clamping: load(544)),
      progress: progress, running: running, task: label.text, isFirstOfChunk: progress.position == start,
      times: times, activity: activity, since: min(now, max(0, since)))
  }
}

import ProcPoolSystem
import Synchronization

// The part of the page for programs that are neither the worker nor its coordinator: the identity
// and the state of the worker.

extension StatusPage {
  /// The name of the memory file that holds the pages of a pool, by which observers find them.
  package static let fileName = "procpool-status"

  /// "procpool" as a number, plus the version of the layout.
  private static let signature: UInt64 = 0x6c6f_6f70_636f_7270 &+ 1

  /// Whether the page has this version's layout.
  var hasSignature: Bool { self[PageLayout.signature].pointee.load(ordering: .acquiring) == Self.signature }

  private func load(_ field: PageField<UInt64>) -> UInt64 { self[field].pointee.load(ordering: .relaxed) }

  private func store(_ value: UInt64, _ field: PageField<UInt64>) {
    self[field].pointee.store(value, ordering: .relaxed)
  }

  var formerItems: UInt64 { load(PageLayout.formerItems) }

  func noteStart(formerItems: UInt64) {
    store(UInt64(bitPattern: MonotonicClock.now()), PageLayout.started)
    store(formerItems, PageLayout.formerItems)
    self[PageLayout.signature].pointee.store(Self.signature, ordering: .releasing)
  }

  /// Records the process ID of the worker; `nil` when it has ended.
  package func note(process: Int32?) { store(UInt64(process ?? 0), PageLayout.process) }

  /// - Parameter restarts: the number of earlier processes of this worker.
  package func note(worker: WorkerID, restarts: Int) {
    store(UInt64(restarts), PageLayout.restarts)
    store(UInt64(worker.index) + 1, PageLayout.worker)
  }

  package func noteChunk(call: CallID, first: UInt64, position: UInt64) {
    // A reader that sees a mixture of two chunks detects it by the position, or at worst confuses
    // two items of a chunk.
    store(position, PageLayout.chunkPosition)
    store(first, PageLayout.chunkFirst)
    store(UInt64(call.number), PageLayout.call)
  }

  package func note(_ task: TaskLabel) {
    for index in 0..<TaskLabel.wordCount {
      (self[PageLayout.task] + index).pointee.store(task.words[index], ordering: .relaxed)
    }
  }

  private var task: TaskLabel {
    var task = TaskLabel()
    for index in 0..<TaskLabel.wordCount {
      task.words[index] = (self[PageLayout.task] + index).pointee.load(ordering: .relaxed)
    }
    return task
  }
}

extension StatusPage {
  /// The number of items that have ended in all processes that have used this page; 0 if the page
  /// has the layout of another version.
  package var itemsOfAll: UInt64 { hasSignature ? formerItems &+ progress.position : 0 }

  /// The state of a worker, as an outside observer sees it.
  package struct Snapshot: Sendable {
    package var process: Int32
    /// The worker; `nil` for a standby process.
    package var worker: WorkerID?
    /// The start of the process, by the monotonic clock.
    package var started: Int64
    /// The number of earlier processes of this worker.
    package var restarts: Int
    package var progress: Progress
    /// The running item; `nil` if the worker is idle.
    package var running: ItemID?
    /// The type of the running task.
    package var task: String
    /// Whether the running item is the first of its chunk.
    package var isFirstOfChunk: Bool
    package var times: ActivityTimes
    /// The current activity, and its start.
    package var activity: Activity
    package var since: Int64
  }

  /// Returns the state of the worker, for a program that has mapped the page and does not belong to
  /// the pool.
  ///
  /// - Returns: `nil` if there is no process, or if the page has the layout of another version.
  package func snapshot(now: Int64) -> Snapshot? {
    guard hasSignature, let process = Int32(exactly: load(PageLayout.process)), process > 0 else {
      return nil
    }
    let times = spent(until: now).times
    let (activity, since) = clock.current
    let progress = progress
    let (call, first, start) = (
      load(PageLayout.call), load(PageLayout.chunkFirst), load(PageLayout.chunkPosition)
    )
    let number = load(PageLayout.worker)
    // A task may have overwritten the page, so implausible values are ignored.
    let isRunning = progress.phase != .idle && call > 0 && progress.position >= start
    let item = progress.step ?? first &+ (progress.position &- start)
    let running =
      isRunning ? UInt32(exactly: call).map { ItemID(call: CallID($0), index: Int(clamping: item)) } : nil
    return Snapshot(
      process: process, worker: number > 0 ? WorkerID(index: Int(clamping: number - 1)) : nil,
      started: min(now, max(0, Int64(bitPattern: load(PageLayout.started)))),
      restarts: Int(clamping: load(PageLayout.restarts)), progress: progress, running: running,
      task: task.text, isFirstOfChunk: progress.position == start, times: times, activity: activity,
      since: min(now, max(0, since)))
  }
}

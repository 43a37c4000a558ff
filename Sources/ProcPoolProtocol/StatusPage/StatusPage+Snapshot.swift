import ProcPoolSystem
import Synchronization

// What a program may observe that is neither the worker nor its coordinator: which worker this is, and what it runs.

extension StatusPage {
  /// The name of the memory file that holds a pool's pages, one after the other; observers find the pages by it.
  package static let fileName = "procpool-status"

  /// "procpool", read as a number, and the version of the layout.
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

  /// Records the worker's process; `nil` when it has ended.
  package func note(process: Int32?) { store(UInt64(process ?? 0), PageLayout.process) }

  /// - Parameter restarts: how many processes were this worker before.
  package func note(worker: WorkerID, restarts: Int) {
    store(UInt64(restarts), PageLayout.restarts)
    store(UInt64(worker.index) + 1, PageLayout.worker)
  }

  package func noteChunk(call: CallID, first: UInt64, position: UInt64) {
    // A reader that sees one of them of another chunk sees, by the position, that they do not fit, or takes one item
    // of the chunk for another.
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
  /// The number of items that have ended in all processes that have had this page; 0 if the page has another version's
  /// layout.
  package var itemsOfAll: UInt64 { hasSignature ? formerItems &+ progress.position : 0 }

  /// A worker as an outside observer sees it.
  package struct Snapshot: Sendable {
    package var process: Int32
    /// `nil` for a standby process.
    package var worker: WorkerID?
    /// On the monotonic clock.
    package var started: Int64
    /// How many processes were this worker before.
    package var restarts: Int
    package var progress: Progress
    /// The running item; `nil` if there is none.
    package var running: ItemID?
    /// The type of the running task.
    package var task: String
    /// Whether the running item is the first of its chunk.
    package var isFirstOfChunk: Bool
    package var times: ActivityTimes
    /// The current activity, and when it began.
    package var activity: Activity
    package var since: Int64
  }

  /// Returns what the page says of its worker, to a program that has the page but no part in the pool.
  ///
  /// - Returns: `nil` if there is no process, or the page has another version's layout.
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
    // A task may have written anything here: values without a meaning are ignored.
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

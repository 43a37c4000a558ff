import Synchronization

/// The layout of the status page, the one place that has its offsets.
///
/// Fields that the two sides write are 64 bytes apart, one cache line, so that a write by one side does not slow the
/// other side down.
@usableFromInline
package enum PageLayout {
  // Computed, so that an offset is a constant in the code that uses it, in other modules also.

  /// Position and phase in one word (``StatusPage/Progress``).
  @inlinable package static var progress: PageField<UInt64> { PageField(at: 0) }
  /// How far the worker may go (``StatusPage/Gate``).
  @inlinable package static var gate: PageField<UInt64> { PageField(at: 64) }
  /// The position below which everything is cancelled.
  @inlinable package static var cancelled: PageField<UInt64> { PageField(at: 72) }
  /// The position of the first result in the results buffer.
  @inlinable package static var bufferStart: PageField<UInt64> { PageField(at: 128) }
  /// The number of frames written so far that lend shared memory.
  @inlinable package static var loans: PageField<UInt64> { PageField(at: 136) }
  /// The number of the running step within an item, plus one; 0 if the item has no steps.
  @inlinable package static var step: PageField<UInt64> { PageField(at: 192) }
  /// How the worker says it ends (``StatusPage/LastAct``); 0 before.
  @inlinable package static var lastAct: PageField<Int32> { PageField(at: 200) }
  /// The activity clock (``ActivityClock``), whose words follow one another.
  @inlinable package static var clock: PageField<UInt64> { PageField(at: 256) }
  /// What this memory is, and the version of its layout.
  @inlinable package static var signature: PageField<UInt64> { PageField(at: 512) }
  /// The worker's process; 0 if there is none.
  @inlinable package static var process: PageField<UInt64> { PageField(at: 520) }
  /// The number of the worker in its pool, plus one; 0 for a standby process.
  @inlinable package static var worker: PageField<UInt64> { PageField(at: 528) }
  /// When the worker was started, on the monotonic clock.
  @inlinable package static var started: PageField<UInt64> { PageField(at: 536) }
  /// How many processes were this worker before.
  @inlinable package static var restarts: PageField<UInt64> { PageField(at: 544) }
  /// The number of items that ended in processes that had this page before.
  @inlinable package static var formerItems: PageField<UInt64> { PageField(at: 552) }
  /// The call of the current chunk.
  @inlinable package static var call: PageField<UInt64> { PageField(at: 576) }
  /// The index of the first item of the current chunk within its call.
  @inlinable package static var chunkFirst: PageField<UInt64> { PageField(at: 584) }
  /// The position of the first item of the current chunk.
  @inlinable package static var chunkPosition: PageField<UInt64> { PageField(at: 592) }
  /// The name of the task's type (``TaskLabel``), whose words follow one another.
  @inlinable package static var task: PageField<UInt64> { PageField(at: 640) }
  /// A futex, incremented when the worker has something to look at.
  @inlinable package static var wakeUp: PageField<UInt32> { PageField(at: 2048) }
  /// Where the results buffer begins, which takes the rest of the page: frames that are committed and not yet written.
  @inlinable package static var buffer: Int { 4096 }

  /// Bytes of a page: 64 KiB with its results buffer, one pipe's worth, so that a flush is one system call.
  @inlinable package static var size: Int { 1 << 16 }
}

// MARK: - The layout as data

extension PageLayout {
  /// Which side writes a field.
  package enum Writer: String, Sendable { case worker, coordinator, both }

  /// A field as the wire guide lists it.
  package struct Entry: Sendable {
    package let name: String
    package let offset: Int
    package let byteCount: Int
    package let writer: Writer
  }

  /// All fields, in the order of their offsets.
  package static var entries: [Entry] {
    func entry<Value>(_ name: String, _ field: PageField<Value>, _ writer: Writer, words: Int = 1) -> Entry {
      Entry(
        name: name, offset: field.offset, byteCount: words * MemoryLayout<Atomic<Value>>.size, writer: writer)
    }
    return [
      entry("progress", progress, .worker), entry("gate", gate, .both),
      entry("cancelled", cancelled, .coordinator), entry("bufferStart", bufferStart, .worker),
      entry("loans", loans, .worker), entry("step", step, .worker), entry("lastAct", lastAct, .worker),
      entry("clock", clock, .worker, words: ActivityClock.wordCount),
      entry("signature", signature, .coordinator), entry("process", process, .coordinator),
      entry("worker", worker, .coordinator), entry("started", started, .coordinator),
      entry("restarts", restarts, .coordinator), entry("formerItems", formerItems, .coordinator),
      entry("call", call, .worker), entry("chunkFirst", chunkFirst, .worker),
      entry("chunkPosition", chunkPosition, .worker),
      entry("task", task, .worker, words: TaskLabel.wordCount), entry("wakeUp", wakeUp, .both),
      Entry(name: "buffer", offset: buffer, byteCount: size - buffer, writer: .worker),
    ]
  }
}

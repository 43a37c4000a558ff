import Synchronization

/// The layout of the status page. No other file has offsets.
///
/// Fields that different sides write are in different cache lines of 64 bytes, so that a write by
/// one side does not slow the other side down.
@usableFromInline
package enum PageLayout {
  // Computed, so that offsets are constants in the code of other modules as well.

  /// Position and phase in one word (``StatusPage/Progress``).
  @inlinable package static var progress: PageField<UInt64> { PageField(at: 0) }
  /// The end of the claimed positions (``StatusPage/Gate``).
  @inlinable package static var gate: PageField<UInt64> { PageField(at: 64) }
  /// The position below which all items are cancelled.
  @inlinable package static var cancelled: PageField<UInt64> { PageField(at: 72) }
  /// The position of the first result in the results buffer.
  @inlinable package static var bufferStart: PageField<UInt64> { PageField(at: 128) }
  /// The number of frames written so far that lend shared memory.
  @inlinable package static var loans: PageField<UInt64> { PageField(at: 136) }
  /// The running step of the item, plus one; 0 without steps.
  @inlinable package static var step: PageField<UInt64> { PageField(at: 192) }
  /// The reason for its end that the worker noted (``StatusPage/LastAct``); 0 before.
  @inlinable package static var lastAct: PageField<Int32> { PageField(at: 200) }
  /// The time of the worker by activity (``ActivityClock``), several words.
  @inlinable package static var clock: PageField<UInt64> { PageField(at: 256) }
  /// The signature of a status page and the version of its layout.
  @inlinable package static var signature: PageField<UInt64> { PageField(at: 512) }
  /// The process ID of the worker; 0 if there is no process.
  @inlinable package static var process: PageField<UInt64> { PageField(at: 520) }
  /// The number of the worker in its pool, plus one; 0 for a standby process.
  @inlinable package static var worker: PageField<UInt64> { PageField(at: 528) }
  /// The start of the process, by the monotonic clock.
  @inlinable package static var started: PageField<UInt64> { PageField(at: 536) }
  /// The number of earlier processes of this worker.
  @inlinable package static var restarts: PageField<UInt64> { PageField(at: 544) }
  /// The number of items that ended in earlier processes with this page.
  @inlinable package static var formerItems: PageField<UInt64> { PageField(at: 552) }
  /// The call of the current chunk.
  @inlinable package static var call: PageField<UInt64> { PageField(at: 576) }
  /// The index of the first item of the current chunk within its call.
  @inlinable package static var chunkFirst: PageField<UInt64> { PageField(at: 584) }
  /// The position of the first item of the current chunk.
  @inlinable package static var chunkPosition: PageField<UInt64> { PageField(at: 592) }
  /// The name of the task's type (``TaskLabel``), several words.
  @inlinable package static var task: PageField<UInt64> { PageField(at: 640) }
  /// A futex: a counter of wake-ups, which both sides increment.
  @inlinable package static var wakeUp: PageField<UInt32> { PageField(at: 2048) }
  /// The offset of the results buffer, which takes the rest of the page: frames that are committed
  /// but not written yet.
  @inlinable package static var buffer: Int { 4096 }

  /// The size of a page with its results buffer in bytes: 64 KiB, the capacity of a pipe, so that a
  /// flush is one system call.
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

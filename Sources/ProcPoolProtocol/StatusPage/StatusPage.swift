import ProcPoolSystem
import Synchronization

/// What a worker and its coordinator see of each other without a message: a few cache lines of shared memory
/// (``PageLayout``), followed by the results that the worker has not written yet.
///
/// A *position* counts the items that a worker was sent and that were not taken back, from 0. The progress
/// word says at any instruction which item is running: a single store commits item *i* and starts *i + 1*.
// Safety: `@unchecked Sendable` because everything shared is atomic, except the results buffer, whose committed part
// does not change until `bufferStart` does, which readers check before and after.
@usableFromInline
package struct StatusPage: @unchecked Sendable {
  /// Bytes of a page with its results buffer.
  package static var size: Int { PageLayout.size }
  /// Bytes of the results buffer.
  package static var bufferCapacity: Int { PageLayout.size - PageLayout.buffer }

  @usableFromInline let base: UnsafeMutableRawPointer
  private let owner: AnyObject

  package var memory: UnsafeMutableRawBufferPointer { .init(start: base, count: Self.size) }

  /// A page in shared memory.
  package init(_ mapping: SharedMapping) {
    base = mapping.base
    owner = mapping
  }

  /// A page in the memory of this process: for workers on threads, and for machines that cannot share memory.
  package static func makePrivate() -> StatusPage {
    StatusPage(PrivateMemory())
  }

  private init(_ memory: PrivateMemory) {
    base = memory.base
    owner = memory
  }

  private final class PrivateMemory {
    let base = UnsafeMutableRawPointer.allocate(byteCount: StatusPage.size, alignment: 4096)
    init() { base.initializeMemory(as: UInt8.self, repeating: 0, count: StatusPage.size) }
    deinit { base.deallocate() }
  }

  /// The atomic word of a field.
  @inlinable
  package subscript<Value>(_ field: PageField<Value>) -> UnsafeMutablePointer<Atomic<Value>> {
    (base + field.offset).assumingMemoryBound(to: Atomic<Value>.self)
  }

  /// Makes the page a new worker's. The atomics are initialised here, by the coordinator, and nowhere else.
  ///
  /// Items of all processes that have had the page are counted together; everything else is the new process's.
  package func reset() {
    // Before the progress is another process's.
    let items = hasSignature ? formerItems &+ progress.position : 0
    for entry in PageLayout.entries where entry.offset < PageLayout.wakeUp.offset {
      if entry.byteCount == 4 {
        initialize(Int32.self, at: entry.offset)
      } else {
        for offset in stride(from: entry.offset, to: entry.offset + entry.byteCount, by: 8) {
          initialize(UInt64.self, at: offset)
        }
      }
    }
    wakeUp.initialize()
    noteStart(formerItems: items)
  }

  private func initialize<Value: AtomicRepresentable & FixedWidthInteger>(_: Value.Type, at offset: Int) {
    (base + offset).bindMemory(to: Atomic<Value>.self, capacity: 1).initialize(to: Atomic(0))
  }

  /// What the serving thread sleeps on while its item awaits something.
  package var wakeUp: SharedWakeUp { SharedWakeUp(base + PageLayout.wakeUp.offset) }

  package var clock: ActivityClock { ActivityClock(self[PageLayout.clock]) }

  /// Where the worker's time has gone so far, and how many bytes it has copied.
  ///
  /// - Parameter now: until when the current activity is counted.
  package func spent(until now: Int64 = MonotonicClock.now()) -> (times: ActivityTimes, bytesCopied: UInt64) {
    clock.read(now: now)
  }

  /// Keeps the memory of the page until the process ends.
  package func keepForLife() { _ = Unmanaged.passRetained(owner) }
}

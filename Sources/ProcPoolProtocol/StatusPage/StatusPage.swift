import ProcPoolSystem
import Synchronization

/// The shared memory through which a worker and its coordinator see each other's state without a
/// message: a few cache lines (``PageLayout``), followed by the results that the worker has not
/// written yet.
///
/// A *position* counts the items that a worker was sent and that were not taken back, from 0. The
/// progress word identifies the running item at every instruction: a single store commits item *i*
/// and starts *i + 1*.
// Safety: `@unchecked Sendable` because all shared words are atomic. The committed part of the
// results buffer does not change until `bufferStart` does, which readers check before and after.
@usableFromInline
package struct StatusPage: @unchecked Sendable {
  /// The size of a page with its results buffer in bytes.
  package static var size: Int { PageLayout.size }
  /// The size of the results buffer in bytes.
  package static var bufferCapacity: Int { PageLayout.size - PageLayout.buffer }

  @usableFromInline let base: UnsafeMutableRawPointer
  private let owner: AnyObject

  package var memory: UnsafeMutableRawBufferPointer { .init(start: base, count: Self.size) }

  /// Creates a page in shared memory.
  package init(_ mapping: SharedMapping) {
    base = mapping.base
    owner = mapping
  }

  /// Creates a page in the memory of this process, for workers on threads and for workers that
  /// cannot share memory.
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

  /// Resets the page for a new worker process. Only the coordinator initialises the atomics, here.
  ///
  /// The number of items is kept, because it counts those of all processes that have used the page.
  package func reset() {
    // Read before the progress word is reset.
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

  /// The futex on which the serving thread sleeps while its item is suspended.
  package var wakeUp: SharedWakeUp { SharedWakeUp(base + PageLayout.wakeUp.offset) }

  package var clock: ActivityClock { ActivityClock(self[PageLayout.clock]) }

  /// The time of the worker by activity so far, and the number of bytes that it has copied.
  ///
  /// - Parameter now: the time until which the current activity is counted.
  package func spent(until now: Int64 = MonotonicClock.now()) -> (times: ActivityTimes, bytesCopied: UInt64) {
    clock.read(now: now)
  }

  /// Keeps the memory of the page until the process ends.
  package func keepForLife() { _ = Unmanaged.passRetained(owner) }
}

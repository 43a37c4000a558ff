import Glibc
import ProcPoolSystem
import Synchronization

/// What a worker and its coordinator see of each other without a message: a few cache lines of shared memory.
///
/// | offset | what | written by |
/// |---|---|---|
/// | 0 | progress: position and phase, one word | the worker |
/// | 64 | gate: how far the worker may go, one word | both, by compare-and-swap |
/// | 72 | the position below which everything is cancelled | the coordinator |
/// | 128 | position of the first result in the buffer | the worker |
/// | 136 | how many frames it has written that lend shared memory | the worker |
/// | 192 | the step that is running within an item, and one; 0 where items have none | the worker |
/// | 200 | how it ends, by its own word (`LastAct`), 32 bits; 0 before | the worker |
/// | 256 | what the worker spends its time on (`ActivityClock`) | the worker |
/// | 512 | who the worker is, and what it is on (`StatusPage+Sight.swift`) | both |
/// | 2048 | 32 bits that count what there is to look at: a futex | both, by addition |
/// | 4096 | the results buffer: frames that are committed but not written yet | the worker |
///
/// A *position* counts the items that a worker was sent and that were not taken back, from 0. The progress
/// word says at any instruction which item is running: a single store commits item *i* and starts *i + 1*.
///
/// - Because `@unchecked Sendable`: everything shared is atomic, except the results buffer, whose committed
///   part does not change until `bufferStart` does, which readers check before and after.
@usableFromInline
package struct StatusPage: @unchecked Sendable {
  /// Bytes of a page with its results buffer: 64 KiB, one pipe's worth, so that a flush is one system call.
  package static let size = 1 << 16
  static let bufferOffset = 4096
  /// Bytes of the results buffer.
  package static let bufferCapacity = size - bufferOffset

  @usableFromInline let base: UnsafeMutableRawPointer
  private let owner: AnyObject

  var memory: UnsafeMutableRawBufferPointer { .init(start: base, count: Self.size) }

  /// What a worker is doing.
  package enum Phase: UInt64, Sendable {
    /// Waiting for, or reading, a frame; no item is running.
    case idle = 0
    /// Decoding an input, running the item, or encoding its output.
    case running = 1
    /// Decoding the call's task value or running its `prepare`, for the item at this position.
    case preparing = 2
  }

  /// A page in shared memory.
  package init(_ mapping: SharedMapping) {
    base = mapping.base
    owner = mapping
  }

  /// A page in the memory of this process: for workers on threads, and where no memory can be shared.
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

  /// Makes the page a new worker's. The atomics are initialised here, by the coordinator, and nowhere else.
  package func reset() {
    // Before the progress is another's.
    resetSight()
    for offset in [0, 64, 72, 128, 136, 192] + (0..<ActivityClock.wordCount).map({ 256 + 8 * $0 }) {
      (base + offset).bindMemory(to: Atomic<UInt64>.self, capacity: 1).initialize(to: Atomic(0))
    }
    (base + 200).bindMemory(to: Atomic<Int32>.self, capacity: 1).initialize(to: Atomic(0))
    wakeUp.initialize()
  }

  @usableFromInline
  var progressWord: UnsafeMutablePointer<Atomic<UInt64>> {
    base.assumingMemoryBound(to: Atomic<UInt64>.self)
  }

  private var gateWord: UnsafeMutablePointer<Atomic<UInt64>> {
    (base + 64).assumingMemoryBound(to: Atomic<UInt64>.self)
  }

  private var cancelledWord: UnsafeMutablePointer<Atomic<UInt64>> {
    (base + 72).assumingMemoryBound(to: Atomic<UInt64>.self)
  }

  /// What the serving thread sleeps on while its item awaits something.
  var wakeUp: SharedWakeUp { SharedWakeUp(base + 2048) }

  private var bufferStartWord: UnsafeMutablePointer<Atomic<UInt64>> {
    (base + 128).assumingMemoryBound(to: Atomic<UInt64>.self)
  }

  private var loansWord: UnsafeMutablePointer<Atomic<UInt64>> {
    (base + 136).assumingMemoryBound(to: Atomic<UInt64>.self)
  }

  var stepWord: UnsafeMutablePointer<Atomic<UInt64>> {
    (base + 192).assumingMemoryBound(to: Atomic<UInt64>.self)
  }

  var lastActWord: UnsafeMutablePointer<Atomic<Int32>> {
    (base + 200).assumingMemoryBound(to: Atomic<Int32>.self)
  }
}

// MARK: - Progress

extension StatusPage {
  /// Where a worker is: everything before `position` is committed.
  package struct Progress: Equatable, Sendable {
    package let position: UInt64
    package let phase: Phase
    /// Which of its steps the item is at, where it has any.
    package let step: UInt64?

    package init(position: UInt64, phase: Phase, step: UInt64? = nil) {
      self.position = position
      self.phase = phase
      self.step = step
    }

    // Two bits of phase below 62 of position. A task may write anywhere, so that any word must be understood.
    init(word: UInt64, step: UInt64? = nil) {
      self.init(position: word >> 2, phase: Phase(rawValue: word & 3) ?? .running, step: step)
    }

    var word: UInt64 { position << 2 | phase.rawValue }
  }

  /// Where the worker is, or was when it ended.
  package var progress: Progress {
    Progress(word: progressWord.pointee.load(ordering: .acquiring), step: step)
  }

  /// The step that is running.
  var step: UInt64? {
    let word = stepWord.pointee.load(ordering: .relaxed)
    return word == 0 ? nil : word - 1
  }

  func noteNoStep() { stepWord.pointee.store(0, ordering: .relaxed) }

  @inlinable
  func noteRunning(_ position: UInt64) {
    // Phase `running` in the two low bits: written out because an enumeration's raw value is not inlined.
    progressWord.pointee.store(position << 2 | 1, ordering: .releasing)
  }

  func note(_ phase: Phase, at position: UInt64) {
    progressWord.pointee.store(Progress(position: position, phase: phase).word, ordering: .releasing)
  }
}

// MARK: - Time

extension StatusPage {
  var clock: ActivityClock {
    ActivityClock((base + 256).assumingMemoryBound(to: Atomic<UInt64>.self))
  }

  /// Where the worker's time has gone so far, and how many bytes it has copied.
  ///
  /// - Parameter now: until when what it is doing is counted.
  package func spent(until now: Int64 = MonotonicClock.now()) -> (times: ActivityTimes, bytesCopied: UInt64) {
    clock.read(now: now)
  }
}

// MARK: - The end

extension StatusPage {
  /// What a worker says itself of how it ends. The kernel's word counts more; but it may be gone, and does not say
  /// why.
  package enum LastAct: Equatable, Sendable {
    /// It has crashed by a signal, where Swift's runtime reports crashes: it may take a while from there to the
    /// worker's end, which may be another.
    case crashed(signal: Int32)
    /// It has called `exit`.
    case exited(status: Int32)
    /// The thread that serves has ended: by `pthread_exit`, for example.
    case lostThread
  }

  /// Where the numbers of those begin that are no signals.
  static let exitBase: Int32 = 1 << 16
  private static let lostThread: Int32 = 1 << 17

  package var lastAct: LastAct? {
    // A task may write anywhere: what makes no sense is nothing.
    switch lastActWord.pointee.load(ordering: .relaxed) {
    case Self.lostThread: .lostThread
    case let word where Self.exitBase..<Self.exitBase + 256 ~= word: .exited(status: word - Self.exitBase)
    case let word where [SIGQUIT, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP].contains(word):
      .crashed(signal: word)
    default: nil
    }
  }

  /// Whether it has crashed, and its end is a report away.
  package var hasCrashed: Bool { if case .crashed? = lastAct { true } else { false } }

  func noteLostThread() { note(act: Self.lostThread) }

  private func note(act: Int32) { lastActWord.pointee.store(act, ordering: .relaxed) }

  /// Keeps the memory of the page until the process ends.
  func keepForLife() { _ = Unmanaged.passRetained(owner) }
}

// MARK: - Gate

extension StatusPage {
  /// The gate's word: 15 bits of epoch, one bit that says whether it is closed, 48 bits of how far has been
  /// claimed.
  struct Gate: Equatable {
    static let claimedMask: UInt64 = 1 << 48 - 1
    static let closedBit: UInt64 = 1 << 48

    var word: UInt64

    var claimed: UInt64 { word & Self.claimedMask }
    var isClosed: Bool { word & Self.closedBit != 0 }
    var epoch: UInt64 { word >> 49 }

    init(word: UInt64) { self.word = word }
    init(epoch: UInt64, isClosed: Bool, claimed: UInt64) {
      word = (epoch & 0x7FFF) << 49 | (isClosed ? Self.closedBit : 0) | claimed
    }
  }

  /// Claims the next items, unless the coordinator has taken back what was not claimed.
  ///
  /// - Returns: whether they are claimed.
  func claim(_ count: UInt64) -> Bool {
    var gate = Gate(word: gateWord.pointee.load(ordering: .relaxed))
    while !gate.isClosed {
      let (exchanged, original) = gateWord.pointee.compareExchange(
        expected: gate.word, desired: gate.word + count, ordering: .acquiringAndReleasing)
      if exchanged { return true }
      gate = Gate(word: original)
    }
    return false
  }

  /// Lets the worker go on after a take-back, if `epoch` is that of the latest.
  ///
  /// - Returns: whether the gate is open.
  func reopen(epoch: UInt64) -> Bool {
    let gate = Gate(word: gateWord.pointee.load(ordering: .acquiring))
    guard gate.epoch == epoch & 0x7FFF else { return false }
    guard gate.isClosed else { return true }
    let open = Gate(epoch: gate.epoch, isClosed: false, claimed: gate.claimed)
    return gateWord.pointee.compareExchange(
      expected: gate.word, desired: open.word, ordering: .acquiringAndReleasing
    ).exchanged
  }

  /// Takes back everything that the worker has not claimed. What is sent to it afterwards must begin with a
  /// `resume` frame that carries the returned epoch.
  ///
  /// - Returns: the position of the first item that is back, and the gate's epoch.
  package func takeBack() -> (position: UInt64, epoch: UInt64) {
    var gate = Gate(word: gateWord.pointee.load(ordering: .relaxed))
    while true {
      let closed = Gate(epoch: gate.epoch + 1, isClosed: true, claimed: gate.claimed)
      let (exchanged, original) = gateWord.pointee.compareExchange(
        expected: gate.word, desired: closed.word, ordering: .acquiringAndReleasing)
      if exchanged { return (closed.claimed, closed.epoch) }
      gate = Gate(word: original)
    }
  }
}

// MARK: - Cancellation

extension StatusPage {
  /// Tells the worker that whatever it is at below this position is cancelled, and wakes it up for that.
  package func cancel(below position: UInt64) {
    cancelledWord.pointee.store(position, ordering: .releasing)
    wakeUp.signal()
  }

  /// Whether what the worker is at is cancelled.
  var isCancelled: Bool {
    let progress = progress
    return progress.phase != .idle && progress.position < cancelledWord.pointee.load(ordering: .acquiring)
  }
}

// MARK: - Results that are not written yet

extension StatusPage {
  var buffer: UnsafeMutableRawPointer { base + Self.bufferOffset }

  /// A frame has been written that lends shared memory to results that follow.
  func noteLoan() {
    // One writes.
    loansWord.pointee.store(loansWord.pointee.load(ordering: .relaxed) &+ 1, ordering: .releasing)
  }

  /// How many such frames are in the pipe, or have been: those of all results that are committed among them.
  package var loans: UInt64 { loansWord.pointee.load(ordering: .acquiring) }

  func noteBufferStart(_ position: UInt64) {
    bufferStartWord.pointee.store(position, ordering: .releasing)
  }

  /// Copies the results buffer as it is, from a worker that may be running or dead.
  ///
  /// - Parameter destination: at least ``bufferCapacity`` bytes.
  /// - Returns: the position of the first result in it and how many are committed, or `nil` if the worker
  ///   emptied the buffer meanwhile.
  package func copyResults(
    to destination: UnsafeMutableRawPointer
  ) -> (first: UInt64, count: UInt64)? {
    let first = bufferStartWord.pointee.load(ordering: .acquiring)
    let committed = progress.position
    guard committed > first else { return nil }
    destination.copyMemory(from: buffer, byteCount: Self.bufferCapacity)
    // Keeps the copy before the second look, as in any sequence lock.
    atomicMemoryFence(ordering: .acquiring)
    guard bufferStartWord.pointee.load(ordering: .relaxed) == first else { return nil }
    return (first, committed - first)
  }
}

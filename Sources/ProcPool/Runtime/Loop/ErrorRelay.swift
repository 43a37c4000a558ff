import ProcPoolProtocol
import ProcPoolSystem
import Synchronization

/// Passes on what the pool's workers write to standard error. Used by the runtime thread, which it never blocks.
///
/// The coordinator's own standard error is an ``ErrorStream``. While that accepts nothing more, the pipes of the workers
/// that write are not read, so that they wait as if they wrote there themselves; the others, clocks and ends go on.
struct ErrorRelay {
  /// A worker whose pipe is not read for now.
  private struct Held {
    let worker: WorkerConnection
    /// The poller knows its pipe, although it is asked for nothing.
    var isWatched = true
  }

  private let runtime: PoolRuntime
  private let room = RoomSignal()
  /// The stream has been asked to signal `room`.
  private var awaitsRoom = false
  private var held: [Held] = []
  /// The text of the workers that have written, by generation.
  private var texts: [UInt32: WorkerWords] = [:]
  /// Workers with a line that waits for its end.
  private var unfinished: [WorkerConnection] = []
  /// The text of workers that have ended, while the stream has no room for it.
  private var left = Deque<[UInt8]>()
  private var leftBytes = 0
  private var droppedBytes = 0
  /// When to try again though there was no signal; because a stream without a thread gives none.
  private var nextTry = Int64.max

  /// How long a line waits for its end before what there is of it is passed on, in nanoseconds: longer than a worker
  /// is kept from writing the rest on a busy machine, and hardly noticed by a reader.
  static let unfinishedTime: Int64 = 500_000_000
  /// How much text of workers that have ended waits at the most, in bytes; that of a worker that ends is 128 KiB at the
  /// most, so that it takes a hundred workers without a reader.
  private static let mostLeft = 16 << 20
  /// How much of a worker that is ending is read ahead, in bytes: more than the report of a crash, which would
  /// otherwise not come to an end.
  private static let mostAhead = 1 << 20
  private static let retryInterval: Int64 = 100_000_000

  init(_ runtime: PoolRuntime) { self.runtime = runtime }

  /// When there is something to do by the clock.
  var nextTime: Int64 {
    let lines = unfinished.compactMap { texts[$0.generation]?.unfinishedSince }.map {
      $0 + Self.unfinishedTime
    }
    return min(nextTry, lines.min() ?? .max)
  }

  // MARK: - Reading

  /// The poller says that there is something to read from a worker.
  mutating func read(_ worker: WorkerConnection) {
    if let index = held.firstIndex(where: { $0.worker === worker }) {
      // Woken though nothing was asked for: the worker has closed it. What is left is read when there is room.
      worker.forgetErrors(of: runtime.poller)
      held[index].isWatched = false
      return
    }
    guard passOn(worker) || isReadAhead(worker) else { return hold(worker) }
    switch worker.errors {
    case .none: return
    case .some(let errors):
      let transfer = withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { memory in
        let transfer = (try? errors.read(into: memory)) ?? .closed
        if case .moved(let count) = transfer {
          take(UnsafeRawBufferPointer(rebasing: memory[..<count]), of: worker)
        }
        return transfer
      }
      if transfer == .closed {
        runtime.poller.remove(errors)
        // No end of a line comes any more.
        if texts[worker.generation]?.unfinishedSince != nil { texts[worker.generation]?.passUnfinished() }
      }
    }
    if !passOn(worker) && !isReadAhead(worker) { hold(worker) }
  }

  private mutating func take(_ text: UnsafeRawBufferPointer, of worker: WorkerConnection) {
    let number = id(of: worker)
    texts[worker.generation, default: WorkerWords()].take(
      text, of: number, mode: runtime.standardError, secret: runtime.settings.itemMark,
      now: MonotonicClock.now())
    if texts[worker.generation]?.unfinishedSince != nil, !unfinished.contains(where: { $0 === worker }) {
      unfinished.append(worker)
    }
  }

  private func id(of worker: WorkerConnection) -> WorkerID {
    runtime.state.withLock { $0.workers[worker]?.worker } ?? WorkerID(index: worker.place.index)
  }

  /// - Returns: whether nothing of the worker's waits any more.
  private mutating func passOn(_ worker: WorkerConnection) -> Bool {
    guard let text = texts[worker.generation]?.outgoing, !text.isEmpty else { return true }
    // The text of workers that have ended came first.
    guard left.isEmpty, offer(text) else { return false }
    _ = texts[worker.generation]?.takeOutgoing()
    return true
  }

  private mutating func offer(_ text: [UInt8]) -> Bool {
    let signal = { @Sendable [room = self.room, weak runtime = self.runtime] in
      room.signal()
      runtime?.poller.wake()
    }
    if runtime.errors.add(text, whenRoom: awaitsRoom ? nil : signal) { return true }
    awaitsRoom = true
    if nextTry == .max { nextTry = MonotonicClock.now() + Self.retryInterval }
    return false
  }

  /// Whether to read on though the text cannot be passed on: a worker that is ending, and writes its last words, must
  /// not be kept from it.
  private func isReadAhead(_ worker: WorkerConnection) -> Bool {
    guard texts[worker.generation]?.outgoing.count ?? 0 < Self.mostAhead else { return false }
    return worker.page.hasCrashed || runtime.state.withLock { $0.scheduler.isLeaving(worker.place) }
  }

  /// Leaves a worker's pipe alone until there is room.
  private mutating func hold(_ worker: WorkerConnection) {
    worker.watchErrors(for: [], with: runtime.poller)
    held.append(Held(worker: worker))
  }

  // MARK: - Time

  /// Does what is due: passes on what there is room for, and lines that have waited for their end.
  mutating func noteTime(_ now: Int64) {
    let hasRoom = room.take()
    if hasRoom { awaitsRoom = false }
    if hasRoom || now >= nextTry { retry(now: now) }
    unfinished.removeAll { texts[$0.generation]?.unfinishedSince == nil }
    for worker in unfinished {
      guard let since = texts[worker.generation]?.unfinishedSince, now >= since + Self.unfinishedTime else {
        continue
      }
      // The end may be in the pipe: of a worker that is held, or one whose turn has not come on a busy machine.
      if held.contains(where: { $0.worker === worker }) || hasMore(worker) {
        texts[worker.generation]?.waitForEnd(since: now)
        continue
      }
      texts[worker.generation]?.passUnfinished()
      if !passOn(worker) { hold(worker) }
    }
  }

  private func hasMore(_ worker: WorkerConnection) -> Bool {
    switch worker.errors {
    case .none: false
    case .some(let errors): errors.isReadable()
    }
  }

  private mutating func retry(now: Int64) {
    nextTry = .max
    while let text = left.first, offer(text) {
      left.popFirst()
      leftBytes -= text.count
    }
    if left.isEmpty { tellOfDropped() }
    let before = held
    held = []
    for one in before {
      guard passOn(one.worker) || isReadAhead(one.worker) else {
        held.append(one)
        continue
      }
      watch(one.worker, isWatched: one.isWatched)
    }
    if !held.isEmpty { nextTry = now + Self.retryInterval }
  }

  /// Has the poller report the pipe of a worker again that was held.
  ///
  /// The worker comes by itself, because the optimiser of Swift 6.3 crashes if it is taken out of `Held` here.
  private func watch(_ worker: WorkerConnection, isWatched: Bool) {
    if isWatched {
      worker.watchErrors(for: .readable, with: runtime.poller)
    } else {
      try? worker.watchErrors(with: runtime.poller)
    }
  }

  // MARK: - Ends

  /// A worker has ended: takes the rest of what it wrote.
  ///
  /// - Returns: its last lines.
  mutating func drain(_ worker: WorkerConnection) -> String {
    switch worker.errors {
    case .none: return ""
    case .some(let errors):
      // A program that the worker has left behind may continue to write.
      errors.drain { take($0, of: worker) }
      runtime.poller.remove(errors)
    }
    held.removeAll { $0.worker === worker }
    unfinished.removeAll { $0 === worker }
    guard var words = texts.removeValue(forKey: worker.generation) else { return "" }
    words.finish(of: id(of: worker), mode: runtime.standardError)
    keep(words.takeOutgoing())
    return words.lastLines.text
  }

  /// Passes on the text of a worker that has ended, or keeps it until there is room.
  private mutating func keep(_ text: [UInt8]) {
    if text.isEmpty || left.isEmpty && offer(text) { return }
    guard leftBytes + text.count <= Self.mostLeft else {
      droppedBytes += text.count
      return
    }
    left.append(text)
    leftBytes += text.count
  }

  private mutating func tellOfDropped() {
    guard droppedBytes > 0 else { return }
    runtime.errors.writeLine(
      "procpool: dropped \(droppedBytes) bytes that workers wrote before they ended, because nothing read standard "
        + "error", anyway: true)
    droppedBytes = 0
  }

  /// The pool has ended: waits until all is written, within the stream's limits.
  mutating func finish() {
    while let text = left.popFirst() { runtime.errors.addAnyway(text) }
    tellOfDropped()
    runtime.errors.waitUntilWritten()
  }
}

/// Set by the stream's thread when it has room, and looked at by the runtime thread.
private final class RoomSignal: Sendable {
  private let isSet = Atomic(false)
  func signal() { isSet.store(true, ordering: .releasing) }
  func take() -> Bool { isSet.exchange(false, ordering: .acquiring) }
}

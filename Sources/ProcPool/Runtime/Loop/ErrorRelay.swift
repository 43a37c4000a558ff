import ProcPoolProtocol
import ProcPoolSystem
import Synchronization

/// Relays the text that the pool's workers write to standard error. Used by the runtime thread,
/// which it never blocks.
///
/// The coordinator's own standard error is an ``ErrorStream``. While the stream is full, the pipes
/// of workers that write are not read, so that these workers block as if they wrote to the stream
/// themselves. Other workers, timers and ends of workers are not affected.
struct ErrorRelay {
  /// A worker whose pipe is currently not read.
  private struct Held {
    let worker: WorkerConnection
    /// Whether the poller knows its pipe, although no readiness is requested.
    var isWatched = true
  }

  private let runtime: PoolRuntime
  private let room = RoomSignal()
  /// Whether the stream has been asked to signal `room`.
  private var awaitsRoom = false
  private var held: [Held] = []
  /// The text of workers that have written, by generation.
  private var texts: [UInt32: WorkerOutput] = [:]
  /// Workers with an unfinished line.
  private var unfinished: [WorkerConnection] = []
  /// The text of ended workers for which the stream has no room.
  private var left = Deque<[UInt8]>()
  private var leftBytes = 0
  private var droppedBytes = 0
  /// When to retry without a signal, which a stream without a thread does not give.
  private var nextTry = Int64.max

  /// How long an unfinished line waits for its end before it is relayed, in nanoseconds: longer
  /// than a busy machine delays a worker, and hardly noticeable to a reader.
  static let unfinishedTime: Int64 = 500_000_000
  /// The maximum text of ended workers that is kept, in bytes. A worker leaves at most 128 KiB at
  /// its end, so this holds the text of a hundred workers.
  private static let mostLeft = 16 << 20
  /// The maximum number of bytes that is read ahead from a worker that is ending. This is more than
  /// the report of a crash, which could not be completed otherwise.
  private static let mostAhead = 1 << 20
  private static let retryInterval: Int64 = 100_000_000

  init(_ runtime: PoolRuntime) { self.runtime = runtime }

  /// When the next action is due.
  var nextTime: Int64 {
    let lines = unfinished.compactMap { texts[$0.generation]?.unfinishedSince }.map {
      $0 + Self.unfinishedTime
    }
    return min(nextTry, lines.min() ?? .max)
  }

  // MARK: - Reading

  /// Reads from a worker that the poller has reported.
  mutating func read(_ worker: WorkerConnection) {
    if let index = held.firstIndex(where: { $0.worker === worker }) {
      // Woken without a requested readiness: the worker has closed its pipe. The rest is read when
      // there is room.
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
        // The end of the line will not follow any more.
        if texts[worker.generation]?.unfinishedSince != nil { texts[worker.generation]?.passUnfinished() }
      }
    }
    if !passOn(worker) && !isReadAhead(worker) { hold(worker) }
  }

  private mutating func take(_ text: UnsafeRawBufferPointer, of worker: WorkerConnection) {
    let number = id(of: worker)
    texts[worker.generation, default: WorkerOutput()].take(
      text, of: number, mode: runtime.standardError, secret: runtime.settings.itemMark,
      now: MonotonicClock.now())
    if texts[worker.generation]?.unfinishedSince != nil, !unfinished.contains(where: { $0 === worker }) {
      unfinished.append(worker)
    }
  }

  private func id(of worker: WorkerConnection) -> WorkerID {
    runtime.state.withLock { $0.workers[worker]?.worker } ?? WorkerID(index: worker.place.index)
  }

  /// - Returns: whether all text of the worker was relayed.
  private mutating func passOn(_ worker: WorkerConnection) -> Bool {
    guard let text = texts[worker.generation]?.outgoing, !text.isEmpty else { return true }
    // The text of ended workers was first.
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

  /// Whether to continue reading although the text cannot be relayed: a worker that is ending must
  /// not be blocked while it writes its last words.
  private func isReadAhead(_ worker: WorkerConnection) -> Bool {
    guard texts[worker.generation]?.outgoing.count ?? 0 < Self.mostAhead else { return false }
    return worker.page.hasCrashed || runtime.state.withLock { $0.scheduler.isLeaving(worker.place) }
  }

  /// Stops reading a worker's pipe until there is room.
  private mutating func hold(_ worker: WorkerConnection) {
    worker.watchErrors(for: [], with: runtime.poller)
    held.append(Held(worker: worker))
  }

  // MARK: - Time

  /// Relays the text for which there is room, and lines that have waited long enough for their end.
  mutating func noteTime(_ now: Int64) {
    let hasRoom = room.take()
    if hasRoom { awaitsRoom = false }
    if hasRoom || now >= nextTry { retry(now: now) }
    unfinished.removeAll { texts[$0.generation]?.unfinishedSince == nil }
    for worker in unfinished {
      guard let since = texts[worker.generation]?.unfinishedSince, now >= since + Self.unfinishedTime else {
        continue
      }
      // The end of the line may be in the pipe of a held worker, or of one that was not read yet on
      // a busy machine.
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
    if left.isEmpty { reportDropped() }
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

  /// Makes the poller report the pipe of a held worker again.
  ///
  /// The worker is a separate parameter because the optimiser of Swift 6.3 crashes if it is taken
  /// out of `Held` here.
  private func watch(_ worker: WorkerConnection, isWatched: Bool) {
    if isWatched {
      worker.watchErrors(for: .readable, with: runtime.poller)
    } else {
      try? worker.watchErrors(with: runtime.poller)
    }
  }

  // MARK: - Ends

  /// Reads the rest of the text of a worker that has ended.
  ///
  /// - Returns: its last lines.
  mutating func drain(_ worker: WorkerConnection) -> String {
    switch worker.errors {
    case .none: return ""
    case .some(let errors):
      // A program that the worker has started may continue to write.
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

  /// Relays the text of a worker that has ended, or keeps it until there is room.
  private mutating func keep(_ text: [UInt8]) {
    if text.isEmpty || left.isEmpty && offer(text) { return }
    guard leftBytes + text.count <= Self.mostLeft else {
      droppedBytes += text.count
      return
    }
    left.append(text)
    leftBytes += text.count
  }

  private mutating func reportDropped() {
    guard droppedBytes > 0 else { return }
    runtime.errors.writeLine(
      "procpool: dropped \(droppedBytes) bytes that workers wrote before they ended, because nothing read standard "
        + "error", anyway: true)
    droppedBytes = 0
  }

  /// Waits until everything is written after the pool has ended, within the stream's limits.
  mutating func finish() {
    while let text = left.popFirst() { runtime.errors.addAnyway(text) }
    reportDropped()
    runtime.errors.waitUntilWritten()
  }
}

/// A flag that the stream's thread sets when there is room, and the runtime thread checks.
private final class RoomSignal: Sendable {
  private let isSet = Atomic(false)
  func signal() { isSet.store(true, ordering: .releasing) }
  func take() -> Bool { isSet.exchange(false, ordering: .acquiring) }
}

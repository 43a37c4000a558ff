import ProcPoolSystem
import ProcPoolWorker
import Synchronization

/// Passes on what the pool's workers write to standard error. Used by the runtime thread, which it never blocks.
///
/// The coordinator's own standard error is an ``ErrorStream``. While that accepts nothing more, the pipes of the workers
/// that write are not read, so that they wait as if they wrote there themselves; the others, clocks and ends go on.
struct ErrorRelay {
  /// A worker whose pipe is not read for now.
  private struct Held {
    let link: WorkerLink
    /// The poller knows its pipe, although it is asked for nothing.
    var isWatched = true
  }

  private let runtime: PoolRuntime
  private let room = RoomSignal()
  /// The stream has been asked to signal `room`.
  private var awaitsRoom = false
  private var held: [Held] = []
  /// Workers with a line that waits for its end.
  private var unfinished: [WorkerLink] = []
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
    let lines = unfinished.compactMap(\.words.unfinishedSince).map { $0 + Self.unfinishedTime }
    return min(nextTry, lines.min() ?? .max)
  }

  // MARK: - Reading

  /// The poller says that there is something to read from a worker.
  mutating func read(_ link: WorkerLink) {
    if let index = held.firstIndex(where: { $0.link === link }) {
      // Woken though nothing was asked for: the worker has closed it. What is left is read when there is room.
      switch link.errors {
      case .some(let errors): runtime.poller.remove(errors)
      case .none: break
      }
      held[index].isWatched = false
      return
    }
    guard passOn(link) || isReadAhead(link) else { return hold(link) }
    switch link.errors {
    case .none: return
    case .some(let errors):
      let transfer = withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { memory in
        let transfer = (try? errors.read(into: memory)) ?? .closed
        if case .moved(let count) = transfer {
          take(UnsafeRawBufferPointer(rebasing: memory[..<count]), of: link)
        }
        return transfer
      }
      if transfer == .closed {
        runtime.poller.remove(errors)
        // No end of a line comes any more.
        if link.words.unfinishedSince != nil { link.words.passUnfinished() }
      }
    }
    if !passOn(link) && !isReadAhead(link) { hold(link) }
  }

  private mutating func take(_ text: UnsafeRawBufferPointer, of link: WorkerLink) {
    let worker = runtime.state.withLock { _ in link.worker }
    link.words.take(
      text, of: worker, mode: runtime.standardError, secret: runtime.settings.itemMark,
      now: MonotonicClock.now())
    if link.words.unfinishedSince != nil, !unfinished.contains(where: { $0 === link }) {
      unfinished.append(link)
    }
  }

  /// - Returns: whether nothing of the worker's waits any more.
  private mutating func passOn(_ link: WorkerLink) -> Bool {
    if link.words.outgoing.isEmpty { return true }
    // Those that have ended came first.
    guard left.isEmpty, offer(link.words.outgoing) else { return false }
    _ = link.words.takeOutgoing()
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
  private func isReadAhead(_ link: WorkerLink) -> Bool {
    guard link.words.outgoing.count < Self.mostAhead else { return false }
    return link.page.hasCrashed
      || runtime.state.withLock { state in state.scheduler.places[link.place].state == .leaving }
  }

  /// Leaves a worker's pipe alone until there is room.
  private mutating func hold(_ link: WorkerLink) {
    switch link.errors {
    case .none: return
    case .some(let errors):
      try? runtime.poller.modify(errors, for: [], token: LinkToken(link, .errors).rawValue)
    }
    held.append(Held(link: link))
  }

  // MARK: - Time

  /// Does what is due: passes on what there is room for, and lines that have waited for their end.
  mutating func tick(now: Int64) {
    let hasRoom = room.take()
    if hasRoom { awaitsRoom = false }
    if hasRoom || now >= nextTry { retry(now: now) }
    unfinished.removeAll { $0.words.unfinishedSince == nil }
    for link in unfinished where now >= link.words.unfinishedSince! + Self.unfinishedTime {
      // The end may be in the pipe: of a worker that is held, or one whose turn has not come on a busy machine.
      if held.contains(where: { $0.link === link }) || hasMore(link) {
        link.words.waitForEnd(since: now)
        continue
      }
      link.words.passUnfinished()
      if !passOn(link) { hold(link) }
    }
  }

  private func hasMore(_ link: WorkerLink) -> Bool {
    switch link.errors {
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
      guard passOn(one.link) || isReadAhead(one.link) else {
        held.append(one)
        continue
      }
      watch(one.link, isWatched: one.isWatched)
    }
    if !held.isEmpty { nextTry = now + Self.retryInterval }
  }

  /// Has the poller look again at the pipe of a worker that was held.
  ///
  /// The link comes by itself, because the optimiser of Swift 6.3 crashes where it is taken out of `Held` here.
  private func watch(_ link: WorkerLink, isWatched: Bool) {
    switch link.errors {
    case .none: break
    case .some(let errors):
      let token = LinkToken(link, .errors).rawValue
      if isWatched {
        try? runtime.poller.modify(errors, for: .readable, token: token)
      } else {
        try? runtime.poller.add(errors, for: .readable, token: token)
      }
    }
  }

  // MARK: - Ends

  /// A worker has ended: takes the rest of what it wrote.
  mutating func drain(_ link: WorkerLink) {
    switch link.errors {
    case .none: return
    case .some(let errors):
      // A program that the worker has left behind may go on writing.
      errors.drain { take($0, of: link) }
      runtime.poller.remove(errors)
    }
    held.removeAll { $0.link === link }
    unfinished.removeAll { $0 === link }
    let worker = runtime.state.withLock { _ in link.worker }
    link.words.finish(of: worker, mode: runtime.standardError)
    let text = link.words.takeOutgoing()
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

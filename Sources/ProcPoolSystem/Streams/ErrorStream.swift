import Glibc
import Synchronization

/// The coordinator's standard error: the file that descriptor 2 was when a pool was made.
///
/// Written by a thread of its own, because a write may wait for as long as nothing reads: a full pipe, a terminal
/// that Ctrl-S has stopped, a file system that is frozen. All that others do is to add text to a queue. The thread is
/// started for the first text, and ends with the stream.
///
/// A copy of descriptor 2, which a program may close: its number is then another file's.
package final class ErrorStream: Sendable {
  private let writer: Writer

  private init(_ identity: ErrorTarget.Identity?) throws(SystemError) {
    writer = Writer(try ErrorTarget(identity))
  }

  deinit { writer.stop() }

  /// How many characters a line of the terminal has; `nil` if standard error is no terminal, or one that cannot
  /// erase a line.
  package var terminalWidth: Int? { Self.terminalErases ? writer.target.terminalWidth : nil }

  /// Read once: it does not change while a program runs, unless the program itself changes it.
  private static let terminalErases: Bool = {
    let kind = getenv("TERM").map { String(cString: $0) } ?? ""
    return kind != "" && kind != "dumb"
  }()

  // MARK: - Text

  /// Accepts text, unless too much of it waits.
  ///
  /// - Parameter whenRoom: called once, on the stream's thread, when there is room again, if there is none now.
  /// - Returns: whether the text was accepted.
  package func add(_ text: [UInt8], whenRoom: (@Sendable () -> Void)?) -> Bool {
    writer.change { state in
      guard state.queue.isFull else {
        state.queue.add(text)
        return true
      }
      if let whenRoom { state.awaitingRoom.append(whenRoom) }
      return false
    }
  }

  /// Accepts text, however much of it waits.
  package func addAnyway(_ text: [UInt8]) {
    writer.change { $0.queue.add(text) }
  }

  /// Accepts a line of the coordinator's own. Dropped if nothing has read for long, unless it is to be kept `anyway`.
  package func writeLine(_ text: String, anyway: Bool = false) {
    writer.change { state in
      if anyway || !state.queue.isFull { state.queue.addLine(text.utf8) }
    }
  }

  /// Shows a line at the bottom of the terminal, no longer than ``terminalWidth``, in place of the one before; an
  /// empty one for none. Lines that come faster than the terminal takes them are skipped.
  package func show(_ line: String) {
    writer.change { $0.queue.show(line) }
  }

  // MARK: - The end

  /// How long text waits at the end for a file that takes nothing of it, in nanoseconds: longer than a reader takes
  /// that is busy with something else, and not so long that a program seems to hang.
  package static let patience: Int64 = 10_000_000_000
  /// How long it waits in all for a file that takes some of it now and then.
  package static let longestEnd: Int64 = 60_000_000_000

  /// Waits until the text that has been accepted is written, within the limits of ``patience`` and ``longestEnd``.
  package func waitUntilWritten() { writer.waitUntilWritten() }

  // MARK: - Streams of the process

  private struct Known {
    weak var stream: ErrorStream?
  }

  /// The streams that there are: one, unless the program has made descriptor 2 another file between two pools.
  private static let known = Mutex<[Known]>([])

  /// The stream for the file that descriptor 2 is now. Pools share it, so that they do not write across each other.
  package static func current() throws(SystemError) -> ErrorStream {
    let identity = try ErrorTarget.Identity(of: STDERR_FILENO)
    waitsAtExit
    return try known.withLock { (known) throws(SystemError) in
      known.removeAll { $0.stream == nil }
      let existing = known.lazy.compactMap(\.stream).first { $0.writer.isOf(identity) }
      if let existing { return existing }
      let stream = try ErrorStream(identity)
      known.append(Known(stream: stream))
      return stream
    }
  }

  /// Writes a line as the last thing that a program does before it calls `exit`, which waits for it.
  package static func writeLastLine(_ text: String) {
    guard let stream = try? current() else { return StandardError.writeLine(text) }
    stream.writeLine(text)
    stream.waitUntilWritten()
  }

  /// Programs may end without having ended their pools, or right after the last line of a progress bar.
  private static let waitsAtExit: Void = {
    atexit {
      let streams = ErrorStream.known.withLock { $0.compactMap(\.stream) }
      for stream in streams where stream.writer.isOfThisProcess { stream.waitUntilWritten() }
    }
  }()
}

/// The thread that writes a stream, and what it works on. Lives as long as the thread does, which a blocking write
/// may hold up for longer than there is a stream.
private final class Writer: Sendable {
  struct State {
    var queue = ErrorQueue()
    var awaitingRoom: [@Sendable () -> Void] = []
    var hasThread = false
    /// The thread sleeps, or is about to.
    var isThreadIdle = false
    var isStopped = false
  }

  let target: ErrorTarget
  private let state = Mutex(State())
  /// Signalled for the thread when there is something to do.
  private let work = WakeUp()
  /// Signalled for those that wait for the end of the text, when some of it has been passed on.
  private let progress = WakeUp()
  /// A copy of the process that `fork` has made has the queue and not the thread.
  private let process = ProgramIdentity.pid

  init(_ target: consuming ErrorTarget) { self.target = target }

  var isOfThisProcess: Bool { process == ProgramIdentity.pid }

  func isOf(_ identity: ErrorTarget.Identity?) -> Bool {
    isOfThisProcess && identity == target.identity
  }

  func change<Result>(_ body: (inout State) -> Result) -> Result {
    let (result, wakes) = state.withLock { state in
      let result = body(&state)
      defer { state.isThreadIdle = false }
      return (result, state.isThreadIdle)
    }
    if wakes { work.signal() } else { startThread() }
    return result
  }

  func stop() {
    state.withLock { $0.isStopped = true }
    work.signal()
  }

  /// Starts the thread, if there is none and something for it to do.
  ///
  /// - Returns: `false` if none can be made. The text stays in the queue until one can.
  @discardableResult
  private func startThread() -> Bool {
    let isNeeded = state.withLock { state in
      if state.hasThread || !state.queue.hasWork { return false }
      state.hasThread = true
      return true
    }
    guard isNeeded else { return true }
    do throws(SystemError) {
      // 256 KiB of stack: it copies bytes and calls the system.
      try SystemThread.start(name: "procpool-errors", stack: 1 << 18, blocksSignals: true) { [self] in run() }
      return true
    } catch {
      state.withLock { $0.hasThread = false }
      return false
    }
  }

  private func run() {
    while true {
      let seen = work.count
      write(until: .max)
      let (isStopped, isIdle) = state.withLock { state in
        state.isThreadIdle = !state.queue.hasWork
        return (state.isStopped, state.isThreadIdle)
      }
      if isStopped { return }
      if isIdle { work.wait(since: seen) }
    }
  }

  /// Writes what there is, until a time or until the stream is stopped.
  private func write(until deadline: Int64) {
    while true {
      let bytes = state.withLock { $0.isStopped ? nil : $0.queue.take() }
      guard let bytes else { return }
      bytes.withUnsafeBytes { write($0, until: deadline) }
      note { $0.finish() }
    }
  }

  private func write(_ bytes: UnsafeRawBufferPointer, until deadline: Int64) {
    var rest = bytes
    var hasWaited = false
    while !rest.isEmpty {
      switch target.write(Self.piece(of: rest, longest: target.longestWrite)) {
      case .moved(let count):
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        hasWaited = false
        note { $0.note(written: count) }
      case .refused: return
      case .wouldBlock:
        if state.withLock({ $0.isStopped }) || MonotonicClock.now() >= deadline { return }
        // In steps, because nothing else ends the wait when the stream is stopped.
        if hasWaited { usleep(Self.pause) }
        hasWaited = target.isReady(within: Self.step)
      }
    }
  }

  /// Milliseconds: how soon the thread notices that the stream is stopped.
  private static let step: Int32 = 50
  /// Microseconds, for a terminal that says that it is ready and has no room for the next character.
  private static let pause: UInt32 = 10_000

  /// Whole lines, as far as they fit: what another process writes to the same file comes between two of them.
  private static func piece(of bytes: UnsafeRawBufferPointer, longest: Int) -> UnsafeRawBufferPointer {
    guard bytes.count > longest else { return bytes }
    let most = bytes[..<longest]
    let end =
      most.lastIndex(of: TerminalLine.newline).map { $0 + 1 } ?? UTF8Boundary.last(in: bytes, upTo: longest)
    return UnsafeRawBufferPointer(rebasing: bytes[..<end])
  }

  private func note(_ body: (inout ErrorQueue) -> Void) {
    let callers = state.withLock { state in
      body(&state.queue)
      if !state.queue.hasRoom { return [] as [@Sendable () -> Void] }
      defer { state.awaitingRoom = [] }
      return state.awaitingRoom
    }
    progress.signal()
    for caller in callers { caller() }
  }

  func waitUntilWritten() {
    let start = MonotonicClock.now()
    var stalled = start
    let (end, steps) = state.withLock { ($0.queue.accepted, $0.queue.steps) }
    var lastSteps = steps
    while true {
      let seen = progress.count
      let (passed, steps) = state.withLock { ($0.queue.passed, $0.queue.steps) }
      if passed >= end { return }
      let now = MonotonicClock.now()
      if steps != lastSteps { stalled = now }
      lastSteps = steps
      let limit = min(stalled + ErrorStream.patience, start + ErrorStream.longestEnd)
      if now >= limit { return }
      if startThread() {
        progress.wait(since: seen, nanoseconds: limit - now)
      } else {
        writeHere(until: limit)
      }
    }
  }
  /// Writes what there is on the calling thread, which has nothing else to do: the last chance if no thread can be
  /// made.
  private func writeHere(until deadline: Int64) {
    let isFree = state.withLock { state in
      defer { state.hasThread = true }
      return !state.hasThread
    }
    guard isFree else { return }
    // Among them SIGPIPE, for the rest of a thread that ends its pool or its program.
    SignalState.block()
    write(until: deadline)
    state.withLock { $0.hasThread = false }
    progress.signal()
  }
}

import Glibc
import Synchronization

/// The standard error of the coordinator: the file that descriptor 2 referred to when a pool was
/// created.
///
/// A separate thread writes it, because a write may block for any time: on a full pipe, a terminal
/// stopped by Ctrl-S, a frozen file system. Other threads only add text to a queue. The writing
/// thread starts with the first text, and ends with the stream.
///
/// The stream has a copy of descriptor 2, because a program may close it, and its number may then
/// be reused.
package final class ErrorStream: Sendable {
  private let writer: Writer

  private init(_ identity: ErrorTarget.Identity?) throws(SystemError) {
    writer = Writer(try ErrorTarget(identity))
  }

  deinit { writer.stop() }

  /// The number of columns of the terminal; `nil` if standard error is not a terminal, or cannot
  /// erase a line.
  package var terminalWidth: Int? { Self.terminalErases ? writer.target.terminalWidth : nil }

  /// Read once, because only the program itself could change it.
  private static let terminalErases: Bool = {
    let kind = getenv("TERM").map { String(cString: $0) } ?? ""
    return kind != "" && kind != "dumb"
  }()

  // MARK: - Text

  /// Accepts text, unless the queue is full.
  ///
  /// - Parameter whenRoom: if the text is not accepted, called once on the stream's thread when
  ///   there is room again.
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

  /// Accepts text, even if the queue is full.
  package func addAnyway(_ text: [UInt8]) {
    writer.change { $0.queue.add(text) }
  }

  /// Accepts a line of the coordinator itself. It is dropped if the queue is full, unless `anyway`
  /// is `true`.
  package func writeLine(_ text: String, anyway: Bool = false) {
    writer.change { state in
      if anyway || !state.queue.isFull { state.queue.addLine(text.utf8) }
    }
  }

  /// Replaces the line at the bottom of the terminal, which must not exceed ``terminalWidth``;
  /// empty for none. Lines that arrive faster than the terminal accepts them are skipped.
  package func show(_ line: String) {
    writer.change { $0.queue.show(line) }
  }

  // MARK: - The end

  /// How long the end of a program waits without any progress, in nanoseconds: longer than a reader
  /// is usually busy, and short enough that a program does not seem to hang.
  package static let patience: Int64 = 10_000_000_000
  /// How long the end of a program waits in total, in nanoseconds.
  package static let longestEnd: Int64 = 60_000_000_000

  /// Waits until the accepted text has been written, within the limits of ``patience`` and
  /// ``longestEnd``.
  package func waitUntilWritten() { writer.waitUntilWritten() }

  // MARK: - Streams of the process

  private struct Known {
    weak var stream: ErrorStream?
  }

  /// The existing streams: one, unless the program has redirected descriptor 2 between two pools.
  private static let known = Mutex<[Known]>([])

  /// The stream for the file that descriptor 2 refers to now. Pools share it, so that their texts
  /// are not interleaved within lines.
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

  /// Writes a line immediately before the program calls `exit`, and waits until it is written.
  package static func writeLastLine(_ text: String) {
    guard let stream = try? current() else { return StandardError.writeLine(text) }
    stream.writeLine(text)
    stream.waitUntilWritten()
  }

  /// Registers a wait at exit, because programs may end without ending their pools, or right after
  /// the last line of a progress bar.
  private static let waitsAtExit: Void = {
    atexit {
      let streams = ErrorStream.known.withLock { $0.compactMap(\.stream) }
      for stream in streams where stream.writer.isOfThisProcess { stream.waitUntilWritten() }
    }
  }()
}

/// The thread that writes a stream, and its state. It lives as long as the thread, which a blocking
/// write may keep longer than the stream.
private final class Writer: Sendable {
  struct State {
    var queue = ErrorQueue()
    var awaitingRoom: [@Sendable () -> Void] = []
    var hasThread = false
    /// Whether the thread sleeps or is about to.
    var isThreadIdle = false
    var isStopped = false
  }

  let target: ErrorTarget
  private let state = Mutex(State())
  /// Signals the thread that there is work.
  private let work = WakeUp()
  /// Signals progress to callers that wait for the end of the text.
  private let progress = WakeUp()
  /// The process that has the thread: a forked copy has only the queue.
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

  /// Starts the thread if there is work and no thread.
  ///
  /// - Returns: `false` if no thread can be created. The text then stays in the queue.
  @discardableResult
  private func startThread() -> Bool {
    let isNeeded = state.withLock { state in
      if state.hasThread || !state.queue.hasWork { return false }
      state.hasThread = true
      return true
    }
    guard isNeeded else { return true }
    do throws(SystemError) {
      // 256 KiB of stack suffice, because the thread only copies bytes and makes system calls.
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

  /// Writes the waiting text, until a deadline or until the stream is stopped.
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
        // In steps, because stopping the stream does not end the wait.
        if hasWaited { usleep(Self.pause) }
        hasWaited = target.isReady(within: Self.step)
      }
    }
  }

  /// How soon the thread notices that the stream is stopped, in milliseconds.
  private static let step: Int32 = 50
  /// The pause for a terminal that reports readiness but accepts nothing, in microseconds.
  private static let pause: UInt32 = 10_000

  /// The longest prefix that fits, in whole lines if possible, so that text of other processes
  /// appears between lines.
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
  /// Writes the waiting text on the calling thread, if no thread can be created.
  private func writeHere(until deadline: Int64) {
    let isFree = state.withLock { state in
      defer { state.hasThread = true }
      return !state.hasThread
    }
    guard isFree else { return }
    // This includes SIGPIPE. The thread is about to end its pool or its program.
    SignalState.block()
    write(until: deadline)
    state.withLock { $0.hasThread = false }
    progress.signal()
  }
}

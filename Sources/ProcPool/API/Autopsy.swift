import Glibc
import ProcPoolSystem
import ProcPoolWire
import ProcPoolWorker

/// What is known of an item whose worker ended while it ran it.
///
///     item 7 of call 2 was lost after 1.2 seconds: worker 0 (pid 4711) ended with signal 4 (SIGILL), with
///     23 MiB of memory at its peak, because of a trap: Fatal error: Index out of range; …
///
/// Which item was running is exact. Why its worker ended is not always: a thread that an earlier item has
/// left behind, or a signal from outside, is charged to the item that was running.
public struct Autopsy: Error, Hashable, Sendable {
  /// The item; where several may have been running (workers without shared memory), one of them.
  public let item: TaskID
  /// Which attempt at it this was, from 1. See ``RetryPolicy``.
  public let attempt: Int
  /// How long it had been running, as far as the coordinator could see: not longer than this.
  public let elapsed: Duration
  /// Whether the item never ran, because its worker ended while it decoded the call's task or was in its
  /// `prepare`.
  public let isPreparation: Bool
  /// The worker, and how it ended.
  public let worker: WorkerLoss
}

/// How a worker ended that should not have.
public struct WorkerLoss: Error, Hashable, Sendable {
  /// The worker's place in the pool.
  public let worker: WorkerID
  /// Its process; the coordinator's own for a worker on a thread.
  public let pid: Int32
  /// Whether the worker was a thread of the coordinator's (``WorkerSource/threads``). Such a worker cannot be
  /// killed. The pool abandons it, and its item keeps running with its result ignored.
  public var isThread: Bool { pid == ProgramIdentity.pid }
  /// How it ended.
  public let end: ProcessEnd
  /// Why, as far as that can be told.
  public let cause: LikelyCause
  /// The most memory that the process had in use at once, in bytes; `nil` where the system did not say.
  public let peakMemory: Int?
  /// The last lines that it wrote to standard error, at most 64 KiB.
  public let standardError: String

  /// The backtrace that Swift printed, if it did: set `SWIFT_BACKTRACE` to `enable=yes` in the pool's
  /// `environment`.
  public var backtrace: String? { LastWords.backtrace(in: standardError) }
}

/// Why a worker ended, most likely.
public enum LikelyCause: Hashable, Sendable {
  /// Who set the limit that memory went beyond.
  public enum MemoryLimit: Hashable, Sendable {
    /// The control group: its count of killed processes has gone up.
    case controlGroup
    /// The machine: the kernel's own count has gone up.
    case machine
  }

  /// Swift code went against a precondition, with its message: an index out of range, an overflow, a
  /// `fatalError`.
  case trap(message: String)
  /// The kernel killed it because there was no memory left.
  case outOfMemory(MemoryLimit)
  /// It asked for more memory than its ``WorkerLimits`` allow, so many bytes.
  case memoryLimit(Int)
  /// It had used up the processor time that its ``WorkerLimits`` allow.
  case processorTimeLimit
  /// It used memory that was not its own, or its stack overflowed.
  case invalidAccess
  /// The task, or what it called, ended the process.
  case exit
  /// It sent what goes against the protocol, and was killed.
  case protocolViolation(String)
  /// It was killed because its item exceeded the time limit.
  case timeLimit
  /// It was stopped (`SIGSTOP`) when its item exceeded the time limit, and was killed.
  case stopped
  /// The pool had no more use for what it ran, and killed it.
  case cancelled
  /// The worker did not end within five seconds of `SIGKILL`, and the pool gave it up. The payload is the process
  /// state that the kernel reported. The process may still exist: traced by a debugger, in a frozen control
  /// group, waiting for a device, or out of reach of this program's signals.
  case notEnded(String)
  /// The task, or what it called, ended the thread on which the worker runs items.
  case threadExit
  /// A signal that somebody sent, or that the process raised.
  case signal(Int32)
  /// Nothing is known.
  case unknown
}

// MARK: - In words

extension Autopsy: CustomStringConvertible {
  public var description: String {
    let again = attempt > 1 ? ", in attempt \(attempt)," : ""
    let phase = isPreparation ? ", while its task was being prepared" : ""
    return "\(item) was lost\(again) after \(elapsed.rounded)\(phase): \(worker)"
  }

  /// For an item that went on for longer than it may.
  func timeoutDescription(_ limit: Duration) -> String {
    let again = attempt > 1 ? " in attempt \(attempt)" : ""
    let what =
      isPreparation
      ? "preparing the task for \(item) took longer than \(limit)" : "\(item) ran for longer than \(limit)"
    let end =
      if worker.isThread {
        ", a thread of this process; threads cannot be killed, so the item keeps running, and a new worker took its "
          + "place"
      } else if worker.cause == .stopped {
        " (pid \(worker.pid)), where it was stopped by a signal; the worker was killed and replaced"
      } else if case .notEnded(let state) = worker.cause {
        " (pid \(worker.pid)), which did not end after SIGKILL (\(state)); the pool gave it up and replaced it"
      } else {
        " (pid \(worker.pid)), which was killed and replaced"
      }
    return
      "\(what)\(again) in \(worker.worker)\(end); allow more with `timeout:`"
      + LastWords.quoted(worker.standardError)
  }
}

extension WorkerLoss: CustomStringConvertible {
  public var description: String {
    if case .notEnded(let state) = cause {
      return
        "\(worker) (pid \(pid)) did not end within 5 seconds of SIGKILL and was given up; it is in \(state). Find what "
        + "blocks it with `cat /proc/\(pid)/stack /proc/\(pid)/status`"
        + LastWords.quoted(standardError)
    }
    let memory = peakMemory.map { ", with \($0 >> 20) MiB of memory at its peak" } ?? ""
    if isThread { return "\(worker), a thread of this process, was given up, \(cause)" }
    return "\(worker) (pid \(pid)) ended with \(end)\(memory), \(cause)" + LastWords.quoted(standardError)
  }
}

extension WorkerLoss {
  /// The process has not ended, though it was killed.
  var isLeftBehind: Bool { if case .notEnded = cause { true } else { false } }
}

extension LikelyCause: CustomStringConvertible {
  /// What happened, and what to do.
  public var description: String {
    switch self {
    case .trap(let message): "because of a trap: \(message.visible())"
    case .outOfMemory(.controlGroup):
      "most likely because the control group ran out of memory; use fewer workers or smaller items, or raise its "
        + "limit (memory.max, or memory.limit_in_bytes)"
    case .outOfMemory(.machine):
      "most likely because the machine ran out of memory; use fewer workers or smaller items"
    case .memoryLimit(let bytes):
      "most likely because it asked for more memory than the \(bytes >> 20) MiB of its limit; allow more with `WorkerLimits`"
    case .processorTimeLimit:
      "because it had used up the processor time of its limit; allow more with `WorkerLimits`, or recycle workers with `RecyclingPolicy`"
    case .invalidAccess:
      "because it used memory that is not its own, or its stack of 8 MiB overflowed; look at unsafe code and deep recursion"
    case .exit: "because the task, or what it called, ended the process; throw an error instead"
    case .protocolViolation(let what):
      "because it broke the protocol: \(what.visible()); leave the worker's pipes alone"
    case .timeLimit: "because its item took too long"
    case .stopped: "because its item took too long; it had been stopped by a signal (SIGSTOP)"
    case .cancelled: "because its item kept running after it was cancelled"
    case .notEnded(let state): "and did not end after SIGKILL: \(state)"
    case .threadExit:
      "because the task, or what it called, ended the thread that it ran on (`pthread_exit`); return or throw instead"
    case .signal(SIGKILL): "because it was sent SIGKILL"
    case .signal(SIGABRT): "because it called `abort`; what it wrote before may say why"
    case .signal: "because it got that signal"
    case .unknown:
      "for unknown reasons: other code in this program took its exit status, by waiting for all children or by "
        + "ignoring SIGCHLD; wait for your own children by pid"
    }
  }
}

/// What a process wrote before it ended.
enum LastWords {
  /// The lines that tell most: what Swift says of a crash, from the last trap's message on, or else the last ones; a
  /// dozen at the most.
  static func quoted(_ standardError: String) -> String {
    if standardError.isEmpty { return "" }
    let lines = standardError.lines(omittingEmpty: false)
    let trap = lines.lastIndex { trapWords(in: $0) != nil }
    let telling = crash(in: lines) ?? Array(trap.map { lines[$0...].prefix(12) } ?? lines.suffix(12))
    return "; it wrote to standard error:\n"
      + telling.map { "  | \($0.visible(keepingLines: true))" }.joined(separator: "\n")
  }

  /// Of a backtrace what leads to the crash within the task: other threads, registers and what called the task say
  /// nothing about it.
  private static func crash(in lines: [Substring]) -> [Substring]? {
    guard let thread = lines.lastIndex(where: { $0.hasPrefix("Thread ") && $0.hasSuffix(" crashed:") }) else {
      return nil
    }
    let message =
      lines[..<thread].last { trapWords(in: $0) != nil }
      ?? lines[..<thread].last { $0.contains("Program crashed: ") }
    let frames = lines[(thread + 1)...].drop { $0.isEmpty }.prefix { line in
      !line.isEmpty && !callers.contains { line.contains($0) }
    }
    return frames.isEmpty ? nil : (message.map { [$0] } ?? []) + frames.prefix(10)
  }

  /// Frames of what runs tasks.
  private static let callers = ["protocol witness for PoolTask.", "swift::runJob", "_runChunk"]

  /// The message of the last trap, without the place in the source before it. Where the runtime has left none, as it
  /// has none for some traps of optimised code, what it was in.
  static func trapMessage(in standardError: String) -> String? {
    let lines = standardError.lines()
    if let words = lines.lazy.reversed().compactMap({ trapWords(in: $0) }).first { return String(words) }
    // The message and a frame: "1  0x0000564b pick(_:_:) + 19 in worker at /tmp/main.swift:1:58".
    let frames = crash(in: standardError.lines(omittingEmpty: false))?
      .dropFirst()
    let places = (frames ?? []).compactMap { frame -> Substring? in
      let words = frame.split(separator: " ")
      guard !frame.contains("[system]"), let address = words.firstIndex(where: { $0.hasPrefix("0x") }),
        address + 1 < words.endIndex
      else { return nil }
      return frame[words[address + 1].startIndex...]
    }
    return places.first.map { "an illegal instruction, the runtime's way to stop, in \($0)" }
  }

  /// What it said last of its own end, in one line.
  static func ofTheEnd(in standardError: String) -> Substring {
    standardError.lines().last {
      trapWords(in: $0) != nil || $0.contains("terminate called")
    } ?? ""
  }

  /// What a line says of a trap: the runtime begins with "Fatal error" where the program has a message, and its crash
  /// reports with "Swift runtime failure: " where only the compiler knew one.
  private static func trapWords(in line: Substring) -> Substring? {
    for (mark, isPartOfMessage) in [("Fatal error", true), ("Swift runtime failure: ", false)] {
      guard let range = line.firstRange(of: mark) else { continue }
      if isPartOfMessage { return line[range.lowerBound...] }
      // "*** Swift runtime failure: arithmetic overflow ***", and a frame: "… arithmetic overflow in worker at …".
      let words = line[range.upperBound...]
      return words[
        ..<(words.firstRange(of: " ***") ?? words.firstRange(of: " in ") ?? words.endIndex..<words.endIndex)
          .lowerBound]
    }
    return nil
  }

  /// What Swift prints of a process that crashes, from its first line on.
  static func backtrace(in standardError: String) -> String? {
    let lines = standardError.lines(omittingEmpty: false)
    guard let start = lines.lastIndex(where: { $0.contains(" crashed at 0x") || $0.hasPrefix("*** Signal ") })
    else {
      return nil
    }
    return lines[start...].joined(separator: "\n")
  }
}

extension Duration {
  /// To three digits, for a sentence.
  var rounded: Duration {
    let unit = max(1, nanoseconds)
    var step: Int64 = 1
    while unit / step >= 1000 { step *= 10 }
    return .nanoseconds(nanoseconds.addingSaturating(step / 2) / step * step)
  }
}

// MARK: - Made by the runtime

extension Autopsy {
  init(_ item: TaskID, _ trace: ItemTrace, _ worker: WorkerLoss) {
    self.init(
      item: item, attempt: trace.attempt, elapsed: .nanoseconds(trace.elapsed),
      isPreparation: trace.isPreparation, worker: worker)
  }
}

extension LikelyCause {
  /// What the end of a process and the circumstances say.
  ///
  /// - Parameters:
  ///   - lastAct: what the worker itself said of its end.
  ///   - violation: what it sent that goes against the protocol.
  ///   - condemnation: why the pool killed it, if it did.
  ///   - memory: whose memory ran out since the last time.
  ///   - peakMemory: how much memory it had in use at once.
  ///   - limits: what it was allowed.
  init(
    end: ProcessEnd, lastAct: StatusPage.LastAct?, violation: String?, condemnation: LikelyCause?,
    memory: MemoryLimit?, peakMemory: Int?, limits: ResourceLimits, standardError: String
  ) {
    if case .notEnded? = condemnation {
      self = condemnation!
      return
    }
    if let violation {
      self = .protocolViolation(violation)
      return
    }
    if lastAct == .lostThread {
      self = .threadExit
      return
    }
    // A crash signal outranks whatever ended the process while it was crashing. The worker's own note stands in
    // for an exit status that the kernel no longer has.
    let end =
      switch lastAct {
      case .crashed(let signal)?: ProcessEnd.signalled(signal)
      case .exited(let status)? where end == .unknown: ProcessEnd.exited(status: status)
      default: end
      }
    if let condemnation, end == .signalled(SIGKILL) || end == .signalled(SIGTERM) || end == .unknown {
      self = condemnation
    } else if end == .signalled(SIGXCPU), limits.processorTime != 0 {
      self = .processorTimeLimit
    } else if Self.hasMetMemoryLimit(end, peakMemory, limits, standardError) {
      self = .memoryLimit(Int(clamping: limits.memory))
    } else {
      switch end {
      case .exited: self = .exit
      case .signalled(SIGKILL): self = memory.map { .outOfMemory($0) } ?? .signal(SIGKILL)
      case .signalled(SIGILL), .signalled(SIGTRAP):
        self = .trap(message: LastWords.trapMessage(in: standardError) ?? "it left no message")
      case .signalled(SIGSEGV), .signalled(SIGBUS): self = .invalidAccess
      case .signalled(let number): self = .signal(number)
      // Other code took the status; an out-of-memory kill that the kernel counted is still the likeliest cause.
      case .unknown: self = memory.map { .outOfMemory($0) } ?? .unknown
      }
    }
  }

  /// Whether a process ended in the way of those who get no memory: by a trap of the allocator, which says
  /// so, or by using what they did not get; with most of what they may have in use.
  private static func hasMetMemoryLimit(
    _ end: ProcessEnd, _ peakMemory: Int?, _ limits: ResourceLimits, _ standardError: String
  ) -> Bool {
    guard limits.memory != 0, case .signalled(let signal) = end,
      [SIGILL, SIGTRAP, SIGABRT, SIGSEGV, SIGBUS].contains(signal)
    else { return false }
    let words = LastWords.ofTheEnd(in: standardError)
    if words.contains("llocat") || words.contains("bad_alloc") { return true }
    return peakMemory.map { $0 >= Int(clamping: limits.memory / 4 * 3) } ?? false
  }
}

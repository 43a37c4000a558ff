import Glibc
import ProcPoolSystem
import ProcPoolWire
import ProcPoolWorker

/// What is known of an item whose worker ended while it ran it.
///
///     item 7 of call 2 was lost after 1.2 s: worker 0 (pid 4711) ended with signal 4 (SIGILL), most likely because a
///     trap ended it: Fatal error: Index out of range; …
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
  /// The worker, and how it ended.
  public let worker: WorkerLoss
}

/// How a worker ended that should not have.
public struct WorkerLoss: Error, Hashable, Sendable {
  /// The worker's place in the pool.
  public let worker: WorkerID
  /// Its process; the coordinator's own for a worker on a thread.
  public let pid: Int32
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
  /// A signal that somebody sent, or that the process raised.
  case signal(Int32)
  /// Nothing is known.
  case unknown
}

// MARK: - In words

extension Autopsy: CustomStringConvertible {
  public var description: String {
    let again = attempt > 1 ? ", in attempt \(attempt)," : ""
    return "\(item) was lost\(again) after \(elapsed.rounded): \(worker)"
  }

  /// For an item that went on for longer than it may.
  func timeoutDescription(_ limit: Duration) -> String {
    let again = attempt > 1 ? " in attempt \(attempt)" : ""
    let state = worker.cause == .stopped ? ", where it was stopped by a signal; the worker" : ", which"
    return
      "\(item) ran for longer than \(limit)\(again) in \(worker.worker) (pid \(worker.pid))\(state) was killed "
      + "and replaced; allow more with `timeout:`" + LastWords.quoted(worker.standardError)
  }
}

extension WorkerLoss: CustomStringConvertible {
  public var description: String {
    let memory = peakMemory.map { ", with \($0 >> 20) MiB of memory at its peak" } ?? ""
    return "\(worker) (pid \(pid)) ended with \(end)\(memory), \(cause)" + LastWords.quoted(standardError)
  }
}

extension LikelyCause: CustomStringConvertible {
  /// What happened, and what to do.
  public var description: String {
    switch self {
    case .trap(let message): "because of a trap: \(message)"
    case .outOfMemory(.controlGroup):
      "most likely because the control group ran out of memory; use fewer workers or smaller items, or raise its "
        + "limit (memory.max, or memory.limit_in_bytes)"
    case .outOfMemory(.machine):
      "most likely because the machine ran out of memory; use fewer workers or smaller items"
    case .memoryLimit(let bytes):
      "most likely because it asked for more memory than the \(bytes >> 20) MiB of its limit; allow more with `limits:`"
    case .processorTimeLimit:
      "because it had used up the processor time of its limit; allow more with `limits:`, or use `maximumTasksPerWorker:`"
    case .invalidAccess:
      "because it used memory that is not its own, or its stack of 8 MiB overflowed; look at unsafe code and deep recursion"
    case .exit: "because the task, or what it called, ended the process; throw an error instead"
    case .protocolViolation(let what):
      "because it broke the protocol: \(what); leave the worker's pipes alone"
    case .timeLimit: "because its item took too long"
    case .stopped: "because its item took too long; it had been stopped by a signal (SIGSTOP)"
    case .cancelled: "because what it ran was cancelled and went on"
    case .signal(SIGKILL): "because somebody killed it"
    case .signal(SIGABRT): "because it called `abort`; what it wrote before may say why"
    case .signal: "because it got that signal"
    case .unknown: "for unknown reasons"
    }
  }
}

/// What a process wrote before it ended.
enum LastWords {
  /// The lines that tell most: what Swift says of a crash, from the last trap's message on, or else the last ones; a
  /// dozen at the most.
  static func quoted(_ standardError: String) -> String {
    if standardError.isEmpty { return "" }
    let lines = standardError.split(separator: "\n", omittingEmptySubsequences: false)
    let trap = lines.lastIndex { $0.contains(trapMark) }
    let telling = crash(in: lines) ?? Array(trap.map { lines[$0...].prefix(12) } ?? lines.suffix(12))
    return "; it wrote to standard error:\n" + telling.map { "  | \($0)" }.joined(separator: "\n")
  }

  /// Of a backtrace what leads to the crash within the task: other threads, registers and what called the task say
  /// nothing about it.
  private static func crash(in lines: [Substring]) -> [Substring]? {
    guard let thread = lines.lastIndex(where: { $0.hasPrefix("Thread ") && $0.hasSuffix(" crashed:") }) else {
      return nil
    }
    let message =
      lines[..<thread].last { $0.contains(trapMark) }
      ?? lines[..<thread].last { $0.contains("Program crashed: ") }
    let frames = lines[(thread + 1)...].drop { $0.isEmpty }.prefix { line in
      !line.isEmpty && !callers.contains { line.contains($0) }
    }
    return frames.isEmpty ? nil : (message.map { [$0] } ?? []) + frames.prefix(10)
  }

  /// Frames of what runs tasks.
  private static let callers = ["protocol witness for PoolTask.", "swift::runJob", "_runChunk"]

  /// The message of the last trap, without the place in the source before it.
  static func trapMessage(in standardError: String) -> String? {
    guard let line = standardError.split(separator: "\n").last(where: { $0.contains(trapMark) }) else {
      return nil
    }
    // By hand, because Foundation is imported in one file only.
    var rest = line[...]
    while !rest.hasPrefix(trapMark) { rest = rest.dropFirst() }
    return String(rest)
  }

  /// What it said last of its own end, in one line.
  static func ofTheEnd(in standardError: String) -> Substring {
    standardError.split(separator: "\n").last { $0.contains(trapMark) || $0.contains("terminate called") }
      ?? ""
  }

  /// What Swift prints of a process that crashes, from its first line on.
  static func backtrace(in standardError: String) -> String? {
    let lines = standardError.split(separator: "\n", omittingEmptySubsequences: false)
    guard let start = lines.lastIndex(where: { $0.contains(" crashed at 0x") || $0.hasPrefix("*** Signal ") })
    else {
      return nil
    }
    return lines[start...].joined(separator: "\n")
  }

  /// How the runtime begins what it says of a trap.
  private static let trapMark = "Fatal error"
}

extension Duration {
  /// To three digits, for a sentence.
  var rounded: Duration {
    let unit = max(1, nanoseconds)
    var step: Int64 = 1
    while unit / step >= 1000 { step *= 10 }
    return .nanoseconds((nanoseconds + step / 2) / step * step)
  }
}

// MARK: - Made by the runtime

extension Autopsy {
  init(_ item: TaskID, _ trace: ItemTrace, _ worker: WorkerLoss) {
    self.init(item: item, attempt: trace.attempt, elapsed: .nanoseconds(trace.elapsed), worker: worker)
  }
}

extension LikelyCause {
  /// What the end of a process and the circumstances say.
  ///
  /// - Parameters:
  ///   - crash: the signal that it crashed by, where the worker could say so.
  ///   - violation: what it sent that goes against the protocol.
  ///   - condemnation: why the pool killed it, if it did.
  ///   - memory: whose memory ran out since the last time.
  ///   - peakMemory: how much memory it had in use at once.
  ///   - limits: what it was allowed.
  init(
    end: ProcessEnd, crash: Int32?, violation: String?, condemnation: LikelyCause?, memory: MemoryLimit?,
    peakMemory: Int?,
    limits: ResourceLimits, standardError: String
  ) {
    if let violation {
      self = .protocolViolation(violation)
      return
    }
    // What it crashed by, whatever ended it while it did, and whoever had lost patience.
    let end = crash.map(ProcessEnd.signalled) ?? end
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
      case .unknown: self = .unknown
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

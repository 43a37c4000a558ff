import Glibc
import ProcPoolProtocol
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
  public let item: ItemID
  /// Which attempt at it this was, from 1. See ``RetryPolicy``.
  public let attempt: Int
  /// How long it had been running, as far as the coordinator could see: not longer than this.
  public let elapsed: Duration
  /// Whether the item never ran, because its worker ended while it decoded the call's task or was in its
  /// `prepare`.
  public let isPreparation: Bool
  /// The worker, and how it ended.
  public let loss: WorkerLoss
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
    return "\(item) was lost\(again) after \(elapsed.rounded)\(phase): \(loss)"
  }

  /// For an item that went on for longer than it may.
  func timeoutDescription(_ limit: Duration) -> String {
    let again = attempt > 1 ? " in attempt \(attempt)" : ""
    let what =
      isPreparation
      ? "preparing the task for \(item) took longer than \(limit)" : "\(item) ran for longer than \(limit)"
    let end =
      if loss.isThread {
        ", a thread of this process; threads cannot be killed, so the item keeps running, and a new worker took its "
          + "place"
      } else if loss.cause == .stopped {
        " (pid \(loss.pid)), where it was stopped by a signal; the worker was killed and replaced"
      } else if case .notEnded(let state) = loss.cause {
        " (pid \(loss.pid)), which did not end after SIGKILL (\(state)); the pool gave it up and replaced it"
      } else {
        " (pid \(loss.pid)), which was killed and replaced"
      }
    return
      "\(what)\(again) in \(loss.worker)\(end); allow more with `timeout:`"
      + LastWords.quoted(loss.standardError)
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

import Glibc
import ProcPoolProtocol
import ProcPoolSystem
import ProcPoolWire
import ProcPoolWorker

/// The facts about an item whose worker ended while it ran the item.
///
///     item 7 of call 2 was lost after 1.2 seconds: worker 0 (pid 4711) ended with signal 4 (SIGILL), with
///     23 MiB of memory at its peak, because of a trap: Fatal error: Index out of range; …
///
/// The item that was running is known exactly. The cause is not always: if a thread of an earlier
/// item crashes the worker, or a signal from outside kills it, the running item is blamed.
public struct Autopsy: Error, Hashable, Sendable {
  /// The item. For workers without a shared status page, one of the items that may have been
  /// running.
  public let item: ItemID
  /// The number of the attempt, from 1. See ``RetryPolicy``.
  public let attempt: Int
  /// An upper bound of the time that the item had been running, as the coordinator observed it.
  public let elapsed: Duration
  /// Whether the item never ran, because its worker ended while it decoded the task or ran
  /// `prepare`.
  public let isPreparation: Bool
  /// The worker, and how it ended.
  public let loss: WorkerLoss
}

/// The unexpected end of a worker.
public struct WorkerLoss: Error, Hashable, Sendable, Encodable {
  /// The worker's place in the pool.
  public let worker: WorkerID
  /// The process ID of the worker; the coordinator's own for a worker on a thread.
  public let pid: Int32
  /// Whether the worker was a thread of the coordinator (``WorkerSource/threads``). Such a worker
  /// cannot be killed. The pool abandons it, and its item keeps running with its result ignored.
  public var isThread: Bool { pid == ProgramIdentity.pid }
  /// How the process ended.
  public let end: ProcessEnd
  /// The most likely reason.
  public let cause: LikelyCause
  /// The peak resident memory of the process, in bytes; `nil` if the system did not report it.
  public let peakMemory: Int?
  /// The last lines that the worker wrote to standard error, at most 64 KiB.
  public let standardError: String

  /// The backtrace that the Swift runtime printed; `nil` if it printed none. To get backtraces, set
  /// `SWIFT_BACKTRACE` to `enable=yes` in ``PoolConfiguration/environment``.
  public var backtrace: String? { LastWords.backtrace(in: standardError) }
}

/// The most likely reason for the end of a worker.
public enum LikelyCause: Hashable, Sendable {
  /// The limit on memory that was exceeded.
  public enum MemoryLimit: Hashable, Sendable {
    /// The limit of the control group: its count of killed processes has increased.
    case controlGroup
    /// The memory of the machine: the kernel's count of killed processes has increased.
    case machine
  }

  /// Swift code trapped: an index out of range, an overflow, a `fatalError`. The payload is the
  /// message of the trap.
  case trap(message: String)
  /// The kernel killed the worker because memory had run out.
  case outOfMemory(MemoryLimit)
  /// The worker requested more memory than ``WorkerLimits/memory`` allows. The payload is the limit
  /// in bytes.
  case memoryLimit(Int)
  /// The worker exceeded ``WorkerLimits/processorTime``.
  case processorTimeLimit
  /// The worker accessed memory that is not mapped, or its stack overflowed.
  case invalidAccess
  /// The task, or code that it called, exited the process.
  case exit
  /// The worker violated the protocol, and was killed. The payload says how.
  case protocolViolation(String)
  /// The worker was killed because its item exceeded the time limit.
  case timeLimit
  /// The worker had been stopped by `SIGSTOP` when its item exceeded the time limit, and was
  /// killed.
  case stopped
  /// The worker was killed because its item kept running after it was cancelled.
  case cancelled
  /// The worker did not end within five seconds of `SIGKILL`, and the pool gave it up. The payload
  /// is the process state that the kernel reported. The process may still exist: traced by a
  /// debugger, in a frozen control group, blocked in a device driver, or not permitted to be
  /// signalled by this program.
  case notEnded(String)
  /// The task, or code that it called, ended the thread on which the worker runs items.
  case threadExit
  /// The worker was ended by this signal, which another process sent or the worker itself raised.
  case signal(Int32)
  /// The reason is not known.
  case unknown
}

// MARK: - In words

extension Autopsy: CustomStringConvertible {
  /// A message with the item, its running time, the end of its worker, the cause and the remedy.
  public var description: String {
    let again = attempt > 1 ? ", in attempt \(attempt)," : ""
    let phase = isPreparation ? ", while its task was being prepared" : ""
    return "\(item) was lost\(again) after \(elapsed.rounded)\(phase): \(loss)"
  }

  /// The message for an item that exceeded its time limit.
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
        " (pid \(loss.pid)), which did not end after SIGKILL (\(state)); the pool abandoned and replaced it"
      } else {
        " (pid \(loss.pid)), which was killed and replaced"
      }
    return
      "\(what)\(again) in \(loss.worker)\(end); allow more with `timeout:`"
      + LastWords.quoted(loss.standardError)
  }
}

extension WorkerLoss: CustomStringConvertible {
  /// A message with the worker, its end, the cause, the remedy, and the relevant lines of its
  /// standard error.
  public var description: String {
    if case .notEnded(let state) = cause {
      return
        "\(worker) (pid \(pid)) did not end within 5 seconds of SIGKILL and was abandoned; it is in \(state). Find what "
        + "blocks it with `cat /proc/\(pid)/stack /proc/\(pid)/status`"
        + LastWords.quoted(standardError)
    }
    let memory = peakMemory.map { ", with \($0 >> 20) MiB of memory at its peak" } ?? ""
    if isThread { return "\(worker), a thread of this process, was abandoned, \(cause)" }
    return "\(worker) (pid \(pid)) ended with \(end)\(memory), \(cause)" + LastWords.quoted(standardError)
  }
}

extension WorkerLoss {
  /// Whether the process has not ended although it was killed.
  var isLeftBehind: Bool { if case .notEnded = cause { true } else { false } }
}

extension LikelyCause: CustomStringConvertible {
  /// A clause with the cause and the remedy, to follow the end of a worker in a message.
  public var description: String {
    switch self {
    case .trap(let message): "because of a trap: \(message.visible())"
    case .outOfMemory(.controlGroup):
      "most likely because the control group ran out of memory; use fewer workers or smaller items, or raise its "
        + "limit (memory.max, or memory.limit_in_bytes)"
    case .outOfMemory(.machine):
      "most likely because the machine ran out of memory; use fewer workers or smaller items"
    case .memoryLimit(let bytes):
      "most likely because it requested more memory than its limit of \(bytes >> 20) MiB; allow more with `WorkerLimits`"
    case .processorTimeLimit:
      "because it exceeded its limit on processor time; allow more with `WorkerLimits`, or recycle workers with `RecyclingPolicy`"
    case .invalidAccess:
      "because it accessed invalid memory, or its stack of 8 MiB overflowed; check unsafe code and deep recursion"
    case .exit: "because the task, or code that it called, exited the process; throw an error instead"
    case .protocolViolation(let what):
      "because it violated the protocol: \(what.visible()); do not use the worker's pipes"
    case .timeLimit: "because its item exceeded its time limit"
    case .stopped: "because its item exceeded its time limit; it had been stopped by a signal (SIGSTOP)"
    case .cancelled: "because its item kept running after it was cancelled"
    case .notEnded(let state): "and did not end after SIGKILL: \(state)"
    case .threadExit:
      "because the task, or code that it called, ended the thread that it ran on (`pthread_exit`); return or throw instead"
    case .signal(SIGKILL): "because it was sent SIGKILL"
    case .signal(SIGABRT): "because it called `abort`; its output on standard error may say why"
    case .signal: "because it received that signal"
    case .unknown:
      "for unknown reasons: other code in this program took its exit status, by waiting for all children or by "
        + "ignoring SIGCHLD; wait for your own children by pid"
    }
  }
}

import ProcPoolSystem
import ProcPoolWorker

/// Why an item, a call or a pool gave no result.
///
/// Verbs that give one `Result` per item (`mapResults`, `imapResults`) put one of these into each failed
/// item's; the others throw it. What the caller's own code throws (an input sequence, for example) is passed
/// on as it is, and a cancelled Swift task throws `CancellationError`.
public enum PoolError: Error, Sendable {
  /// The task threw an error, or its `prepare` did.
  case taskFailed(TaskFailure)
  /// The worker ended while it ran the item.
  case workerLost(TaskID, WorkerLoss)
  /// The item ran for longer than the call's `timeout`; its worker was killed and replaced.
  case timedOut(TaskID, worker: WorkerID, limit: Duration)
  /// An input or an output could not be encoded or decoded.
  case notCodable(CodingFailure)
  /// The task cannot run in the pool's workers, with the reason and what to do.
  case taskUnavailable(String)
  /// The pool has no workers: none could be started.
  case workersUnavailable(WorkerStartFailure)
  /// The call was made after `close`.
  case closed
  /// The pool was terminated.
  case terminated
  /// The item was cancelled before its end was known: it has not started, or may be running still.
  case cancelled(TaskID)
}

/// An error that a task threw in a worker, as it arrived in the coordinator.
public struct TaskFailure: Error, Sendable {
  /// The item that the task was running.
  public let item: TaskID
  /// The worker that ran it.
  public let worker: WorkerID
  /// Whether it was `prepare` that threw, so that the item never ran.
  public let isPreparation: Bool
  /// The name of the error's type, with its module.
  public let typeName: String
  /// The error in words: its description in the worker.
  public let message: String
  /// The error itself, if its type is `Codable` and known to this program; else `nil`.
  public let underlying: (any Error)?
}

/// A value that could not be encoded or decoded, and where.
public struct CodingFailure: Error, Sendable {
  /// Which value of the item it was.
  public enum Value: String, Sendable {
    case input, output
  }

  public let item: TaskID
  public let value: Value
  /// Whether encoding it failed, rather than decoding.
  public let isEncoding: Bool
  /// What was wrong with it, with the coding path.
  public let message: String
}

/// How a worker ended that should not have.
public struct WorkerLoss: Error, Hashable, Sendable {
  /// The worker's place in the pool.
  public let worker: WorkerID
  /// Its process; the coordinator's own for a worker on a thread.
  public let pid: Int32
  /// How it ended.
  public let end: ProcessEnd
  /// What it did that was against the protocol, if that is why it was killed.
  public let violation: String?
  /// The last lines that it wrote to standard error, at most some kilobytes.
  public let standardError: String
}

/// Why a worker could not be started.
public struct WorkerStartFailure: Error, Hashable, Sendable {
  /// What happened, and what to do.
  public let message: String
  /// The last lines that it wrote to standard error, if it came that far.
  public let standardError: String

  init(_ message: String, standardError: String = "") {
    self.message = message
    self.standardError = standardError
  }

  init(lostIdle loss: WorkerLoss) {
    self.init(
      "workers end without being given anything to do: \(loss.worker) (pid \(loss.pid)) ended with \(loss.end)",
      standardError: loss.standardError)
  }
}

// MARK: - In words

extension PoolError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .taskFailed(let failure): failure.description
    case .workerLost(let item, let loss): "\(item) was lost: \(loss)"
    case .timedOut(let item, let worker, let limit):
      "\(item) ran for longer than \(limit) in \(worker), which was killed and replaced; allow more with `timeout:`"
    case .notCodable(let failure): failure.description
    case .taskUnavailable(let reason): reason
    case .workersUnavailable(let failure): failure.description
    case .closed: "the pool was closed before this call; make calls before `close()`, or use another pool"
    case .terminated: "the pool was terminated"
    case .cancelled(let item): "\(item) was cancelled; if it was running by then, it may have gone on"
    }
  }
}

extension TaskFailure: CustomStringConvertible {
  public var description: String {
    "\(item) failed in \(worker)\(isPreparation ? ", in `prepare`" : ""): \(typeName): \(message)"
  }
}

extension CodingFailure: CustomStringConvertible {
  public var description: String {
    "the \(value) of \(item) could not be \(isEncoding ? "encoded" : "decoded"): \(message)"
  }
}

extension WorkerLoss: CustomStringConvertible {
  public var description: String {
    let how = violation.map { "was killed because it broke the protocol: \($0)" } ?? "ended with \(end)"
    return "\(worker) (pid \(pid)) \(how)" + Self.quoted(standardError)
  }

  /// The lines that tell most: from the last trap's message on, or else the last ones; a dozen at the most.
  static func quoted(_ standardError: String) -> String {
    if standardError.isEmpty { return "" }
    let lines = standardError.split(separator: "\n", omittingEmptySubsequences: false)
    let trap = lines.lastIndex { $0.contains("Fatal error:") }
    let telling = trap.map { lines[$0...].prefix(12) } ?? lines.suffix(12)
    return "; it wrote to standard error:\n" + telling.map { "  | \($0)" }.joined(separator: "\n")
  }
}

extension WorkerStartFailure: CustomStringConvertible {
  public var description: String {
    "no worker could be started: \(message)" + WorkerLoss.quoted(standardError)
  }
}

extension Duration {
  /// Whole nanoseconds, as many as fit.
  var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? .max : scaled + attoseconds / 1_000_000_000
  }
}

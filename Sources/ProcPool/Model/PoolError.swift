import ProcPoolProtocol
import ProcPoolSystem
import ProcPoolWire
import ProcPoolWorker

/// The failure of an item, a call or a pool.
///
/// Verbs that return one `Result` per item (`mapResults`, `imapResults`) return it for each failed
/// item; the others throw it. Errors of the caller's own code, such as an input sequence, are
/// rethrown unchanged. A cancelled Swift task throws `CancellationError`.
public enum PoolError: Error, Sendable {
  /// The task's `run` or `prepare` threw an error.
  case taskFailed(TaskFailure)
  /// The worker ended while it ran the item.
  case workerLost(Autopsy)
  /// The item, or preparing its task, exceeded the call's `timeout`. Its worker was killed and
  /// replaced. A worker that is a thread cannot be killed, and is abandoned.
  case timedOut(Autopsy, limit: Duration)
  /// The call exceeded its `deadline`. Its unfinished items were cancelled.
  case deadlineExceeded(limit: Duration)
  /// An input or an output could not be encoded or decoded.
  case notCodable(CodingFailure)
  /// The task cannot run in the pool's workers. The message has the reason and the remedy.
  case taskUnavailable(String)
  /// There are more inputs than `Int` can count, or the results or one part of a `mapReduce` cannot
  /// fit in memory. No item was run. The message has the figures, if they are known, and the
  /// remedy.
  case tooManyInputs(String)
  /// The pool has no workers: none could be started.
  case workersUnavailable(WorkerStartFailure)
  /// The call was made after `close`.
  case closed
  /// The pool was terminated.
  case terminated
  /// The pool belongs to the process with this process ID, and the current process is a copy of it
  /// that `fork` or `daemon` created without its threads. In the copy every call fails with this
  /// error; `close`, `terminate` and `join` do nothing, and `events` ends immediately.
  case otherProcess(Int32)
  /// The item was cancelled before its result was known. It never started, or it was running and
  /// may continue for as long as the pool's ``CancellationGrace`` allows.
  case cancelled(ItemID)
}

/// An error that a task threw in a worker, as the coordinator received it.
public struct TaskFailure: Error, Sendable {
  /// The item that the task was running.
  public let item: ItemID
  /// The worker that ran it.
  public let worker: WorkerID
  /// Whether `prepare` threw, so that the item never ran.
  public let isPreparation: Bool
  /// The name of the error's type, with its module.
  public let typeName: String
  /// The error as text, formatted in the worker: its `errorDescription` if it is a `LocalizedError`
  /// that provides one, otherwise its description.
  public let message: String
  /// The error itself; `nil` if its type is not `Codable` or not known to this program.
  public let underlying: (any Error)?
  /// Why ``underlying`` is `nil`, or `nil` if ``underlying`` is present.
  public let underlyingFailure: String?
}

/// An input or output that could not be encoded or decoded.
public struct CodingFailure: Error, Sendable {
  /// The values of an item.
  public enum Value: String, Sendable {
    /// The value that `run` receives.
    case input
    /// The value that `run` returns.
    case output
  }

  /// The item.
  public let item: ItemID
  /// Which value of the item failed.
  public let value: Value
  /// Whether encoding failed, rather than decoding.
  public let isEncoding: Bool
  /// The problem, with the coding path.
  public let message: String
}

/// A failure to start a worker, or to create a pool.
public struct WorkerStartFailure: Error, Hashable, Sendable, Encodable {
  /// The reason and the remedy.
  public let message: String
  /// The last lines that the worker wrote to standard error; empty if it wrote none.
  public let standardError: String
  /// Whether the system had a shortage that may be temporary (processes, memory, descriptors), so
  /// that the pool keeps trying to start workers.
  package let isShortage: Bool

  private enum CodingKeys: String, CodingKey { case message, standardError }

  init(_ message: String, standardError: String = "", isShortage: Bool = false) {
    self.message = message
    self.standardError = standardError
    self.isShortage = isShortage
  }

  init(lostIdle loss: WorkerLoss) {
    self.init(
      "workers end without being given anything to do: \(loss.worker) (pid \(loss.pid)) ended with \(loss.end)",
      standardError: loss.standardError)
  }
}

// MARK: - In words

extension PoolError: CustomStringConvertible {
  /// A message for people: what happened, to which item and worker, and what to do.
  public var description: String {
    switch self {
    case .taskFailed(let failure): failure.description
    case .workerLost(let autopsy): autopsy.description
    case .timedOut(let autopsy, let limit): autopsy.timeoutDescription(limit)
    case .deadlineExceeded(let limit):
      "the call took longer than \(limit), and its unfinished items were cancelled; allow more with `deadline:`"
    case .notCodable(let failure): failure.description
    case .taskUnavailable(let reason), .tooManyInputs(let reason): reason.visible(keepingLines: true)
    case .workersUnavailable(let failure): failure.description
    case .closed: "the pool was closed before this call; make calls before `close()`, or use another pool"
    case .terminated: "the pool was terminated"
    case .otherProcess(let pid):
      "the pool belongs to process \(pid), and this process (\(ProgramIdentity.pid)) is a fork of it: threads do not "
        + "survive a fork; make the first pool after `fork` or `daemon`"
    case .cancelled(let item): "\(item) was cancelled; if it was running, it may have continued"
    }
  }
}

extension TaskFailure: CustomStringConvertible {
  /// A message with the item, the worker, the type of the error and its text.
  public var description: String {
    // An error whose type is not Codable is not expected to arrive, so only other reasons are
    // reported.
    let loss =
      underlyingFailure.map {
        $0 == ErrorReport.notCodable ? "" : " (the error itself did not arrive: \($0.visible()))"
      }
    return "\(item) failed in \(worker)\(isPreparation ? ", in `prepare`" : ""): \(typeName.visible()): "
      + message.visible(keepingLines: true)
      + (loss ?? "")
  }
}

extension CodingFailure: CustomStringConvertible {
  /// A message with the value, the item and the problem.
  public var description: String {
    "the \(value) of \(item) could not be \(isEncoding ? "encoded" : "decoded"): "
      + message.visible(keepingLines: true)
  }
}

extension WorkerStartFailure: CustomStringConvertible {
  /// A message with the reason, the remedy and the relevant lines of the worker's standard error.
  public var description: String {
    "workers could not be started: \(message.visible(keepingLines: true))" + LastWords.quoted(standardError)
  }
}

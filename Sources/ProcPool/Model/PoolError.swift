import ProcPoolProtocol
import ProcPoolSystem
import ProcPoolWire
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
  case workerLost(Autopsy)
  /// The item ran for longer than the call's `timeout`, or preparing its task took longer; its worker was killed
  /// and replaced. A worker that is a thread cannot be killed, and is given up.
  case timedOut(Autopsy, limit: Duration)
  /// The call took longer than its `deadline`; what it had not ended by then was given up.
  case deadlineExceeded(limit: Duration)
  /// An input or an output could not be encoded or decoded.
  case notCodable(CodingFailure)
  /// The task cannot run in the pool's workers, with the reason and what to do.
  case taskUnavailable(String)
  /// There are more inputs than `Int` can count, or the results, or one part of a `mapReduce`, cannot fit in memory.
  /// Nothing was run. The message has the figures, if they are known, and the remedy.
  case tooManyInputs(String)
  /// The pool has no workers: none could be started.
  case workersUnavailable(WorkerStartFailure)
  /// The call was made after `close`.
  case closed
  /// The pool was terminated.
  case terminated
  /// The pool belongs to the process with this pid, and this process is a copy of it made by `fork` or `daemon`,
  /// which copy no threads. In the copy every call fails with this error; `close`, `terminate` and `join` do
  /// nothing, and `events` ends at once.
  case otherProcess(Int32)
  /// The item was cancelled before its end was known: it has not started, or was running and may be still,
  /// for as long as the pool's ``CancellationGrace`` lets it.
  case cancelled(ItemID)
}

/// An error that a task threw in a worker, as it arrived in the coordinator.
public struct TaskFailure: Error, Sendable {
  /// The item that the task was running.
  public let item: ItemID
  /// The worker that ran it.
  public let worker: WorkerID
  /// Whether it was `prepare` that threw, so that the item never ran.
  public let isPreparation: Bool
  /// The name of the error's type, with its module.
  public let typeName: String
  /// The error as text, formatted in the worker: its `errorDescription` if it is a `LocalizedError` that provides
  /// one, otherwise its description.
  public let message: String
  /// The error itself, if its type is `Codable` and known to this program; else `nil`.
  public let underlying: (any Error)?
  /// Why ``underlying`` is `nil`, or `nil` if ``underlying`` is present.
  public let underlyingFailure: String?
}

/// A value that could not be encoded or decoded, and where.
public struct CodingFailure: Error, Sendable {
  /// Which value of the item it was.
  public enum Value: String, Sendable {
    case input, output
  }

  public let item: ItemID
  public let value: Value
  /// Whether encoding it failed, rather than decoding.
  public let isEncoding: Bool
  /// What was wrong with it, with the coding path.
  public let message: String
}

/// Why a worker could not be started.
public struct WorkerStartFailure: Error, Hashable, Sendable {
  /// What happened, and what to do.
  public let message: String
  /// The last lines that it wrote to standard error, if it came that far.
  public let standardError: String
  /// The system lacked something that it may have again in a moment (processes, memory, descriptors): starting is tried
  /// again as long as the pool lives.
  let isShortage: Bool

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
  public var description: String {
    switch self {
    case .taskFailed(let failure): failure.description
    case .workerLost(let autopsy): autopsy.description
    case .timedOut(let autopsy, let limit): autopsy.timeoutDescription(limit)
    case .deadlineExceeded(let limit):
      "the call took longer than \(limit), and what had not ended by then was given up; allow more with `deadline:`"
    case .notCodable(let failure): failure.description
    case .taskUnavailable(let reason), .tooManyInputs(let reason): reason.visible(keepingLines: true)
    case .workersUnavailable(let failure): failure.description
    case .closed: "the pool was closed before this call; make calls before `close()`, or use another pool"
    case .terminated: "the pool was terminated"
    case .otherProcess(let pid):
      "the pool belongs to process \(pid), and this process (\(ProgramIdentity.pid)) is a fork of it: threads do not "
        + "survive a fork; make the first pool after `fork` or `daemon`"
    case .cancelled(let item): "\(item) was cancelled; if it was running by then, it may have gone on"
    }
  }
}

extension TaskFailure: CustomStringConvertible {
  public var description: String {
    // Who makes an error Codable expects it to arrive.
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
  public var description: String {
    "the \(value) of \(item) could not be \(isEncoding ? "encoded" : "decoded"): "
      + message.visible(keepingLines: true)
  }
}

extension WorkerStartFailure: CustomStringConvertible {
  public var description: String {
    "no worker could be started: \(message.visible(keepingLines: true))" + LastWords.quoted(standardError)
  }
}

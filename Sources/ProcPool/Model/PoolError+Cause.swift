import ProcPoolProtocol
import ProcPoolWorker

// The two questions that callers most often have about an error: which item it concerns, and which
// error the task threw.

extension PoolError {
  /// The item that the error concerns; `nil` if it concerns a call or a pool.
  ///
  /// Its ``ItemID/index`` is the position of the input among the inputs of the call.
  public var item: ItemID? {
    switch self {
    case .taskFailed(let failure): failure.item
    case .workerLost(let autopsy), .timedOut(let autopsy, _): autopsy.item
    case .notCodable(let failure): failure.item
    case .cancelled(let item): item
    case .deadlineExceeded, .taskUnavailable, .tooManyInputs, .workersUnavailable, .closed, .terminated,
      .otherProcess:
      nil
    }
  }

  /// Returns the error that the task threw, if it has the given type and could be decoded; see
  /// ``TaskFailure/underlying``.
  ///
  ///     do { _ = try await pool.map(Render(), over: scenes) } catch let error as PoolError {
  ///       if error.cause(as: DecodingError.self) != nil { print("\(String(describing: error.item)) is unreadable") }
  ///     }
  public func cause<Cause: Error>(as type: Cause.Type = Cause.self) -> Cause? {
    if case .taskFailed(let failure) = self { failure.underlying as? Cause } else { nil }
  }
}

/// Runs `body`, and rethrows an error of a task as itself rather than in a ``PoolError``, if its
/// type is `Codable` and known to this program.
///
/// A task's own error can then be caught by its type. The item and the worker are not part of it.
/// All other errors are rethrown unchanged.
///
/// - Parameters:
///   - isolation: the isolation of the caller, in which `body` runs.
///   - body: a closure that calls verbs of a pool.
/// - Throws: the task's own error for ``PoolError/taskFailed(_:)`` if ``TaskFailure/underlying`` is
///   present, and otherwise the error that `body` throws.
public func rethrowingTaskErrors<Result>(
  isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
) async throws -> Result {
  do {
    return try await body()
  } catch PoolError.taskFailed(let failure) {
    throw failure.underlying ?? PoolError.taskFailed(failure)
  }
}

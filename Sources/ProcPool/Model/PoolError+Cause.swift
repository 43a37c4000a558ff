import ProcPoolProtocol
import ProcPoolWorker

// What a caller asks an error first: which item it is about, and what the task itself has thrown.

extension PoolError {
  /// The item that the error is about; `nil` if it is about a call or a pool.
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

  /// The error that the task threw, if it is of that type and arrived as itself; see ``TaskFailure/underlying``.
  ///
  ///     do { _ = try await pool.map(Render(), over: scenes) } catch let error as PoolError {
  ///       if error.cause(as: DecodingError.self) != nil { print("\(String(describing: error.item)) is unreadable") }
  ///     }
  public func cause<Cause: Error>(as type: Cause.Type = Cause.self) -> Cause? {
    if case .taskFailed(let failure) = self { failure.underlying as? Cause } else { nil }
  }
}

/// Runs `body`, and throws the errors of tasks as themselves instead of in a ``PoolError``, where they arrived as
/// themselves: if their types are `Codable` and known to this program.
///
/// So a task's own error can be caught by its type, at the price of not knowing item and worker. All other errors are
/// thrown on as they are.
///
/// - Parameters:
///   - isolation: the caller's; `body` runs there.
///   - body: calls verbs of a pool.
public func rethrowingTaskErrors<Result>(
  isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
) async throws -> Result {
  do {
    return try await body()
  } catch PoolError.taskFailed(let failure) {
    throw failure.underlying ?? PoolError.taskFailed(failure)
  }
}

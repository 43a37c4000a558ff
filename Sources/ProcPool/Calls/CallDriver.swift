/// The outcome of one step of a call's caller.
enum CallStep {
  /// The caller has all that it requested.
  case done
  /// The pool accepts more inputs immediately.
  case again
  /// Nothing can be done before there is news.
  ///
  /// - Parameter untilEnd: whether only the last outputs, or a failure, wake the caller.
  case wait(untilEnd: Bool = false)
}

extension TypedCall {
  /// Drives the call on its caller's side, step by step with waits in between, until a step is the
  /// last.
  ///
  /// A step exchanges inputs for news (``exchange(_:submits:limit:held:_:)``), processes the news
  /// for its verb, and returns how to continue.
  ///
  /// - Throws: the error that a step throws; `CancellationError` before a step if the Swift task is
  ///   cancelled, which also ends a wait.
  func drive(isolation: isolated (any Actor)?, _ step: () throws -> CallStep) async throws {
    try await withTaskCancellationHandler(
      operation: {
        while true {
          if Task.isCancelled { throw CancellationError() }
          switch try step() {
          case .done: return
          case .again: continue
          case .wait(let untilEnd): await wait(untilEnd: untilEnd, isolation: isolation)
          }
        }
      }, onCancel: { [runtime, box] in runtime.call(ownerOf: box) }, isolation: isolation)
  }
}

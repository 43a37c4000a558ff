/// What one step of a call's caller has come to.
enum CallStep {
  /// The caller has what it wanted.
  case done
  /// The pool wants more inputs at once.
  case again
  /// There is nothing to do before there is news.
  ///
  /// - Parameter untilEnd: whether outputs alone are not worth waking up for, before they are the last.
  case wait(untilEnd: Bool = false)
}

extension TypedCall {
  /// Drives the call on its caller's side: step by step, waiting in between, until a step is the last.
  ///
  /// A step exchanges inputs for news (``exchange(_:submits:limit:held:_:)``), does with that what its verb is for, and
  /// says how to go on.
  ///
  /// - Throws: what a step throws; `CancellationError` before a step if the Swift task is cancelled, which also ends a
  ///   wait.
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

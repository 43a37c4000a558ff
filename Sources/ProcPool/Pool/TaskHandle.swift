import ProcPoolSystem
import ProcPoolWorker
import Synchronization

/// A handle of a result that is being computed: the return type of `applyAsync`, `submit` and
/// `mapAsync`.
///
/// Releasing the handle does not cancel the work.
public final class TaskHandle<Value: Sendable>: Sendable {
  private enum State {
    case pending([any Waiter])
    /// The result has arrived, but is not decoded yet.
    case arrived(@Sendable () -> Result<Value, any Error>)
    case done(Result<Value, any Error>)
  }

  private let state = Mutex(State.pending([]))
  private let onCancel = Mutex<(@Sendable () -> Void)?>(nil)
  /// The process that receives the result; a forked copy never does.
  private let origin = ProcessOrigin.current

  init() {}

  func setCancellation(_ body: @escaping @Sendable () -> Void) {
    onCancel.withLock { $0 = body }
  }

  /// Ends the wait. The first time counts.
  func complete(_ result: @escaping @Sendable () -> Result<Value, any Error>) {
    let waiters = state.withLock { state -> [any Waiter] in
      guard case .pending(let waiters) = state else { return [] }
      state = .arrived(result)
      return waiters
    }
    // The closure retains the pool and this handle.
    _ = takeCancellation()
    for waiter in waiters { waiter.open() }
  }

  /// Whether the result has arrived, so that ``value`` returns immediately.
  public var isReady: Bool {
    state.withLock { state in
      if case .pending = state { return false }
      return true
    }
  }

  /// The value or the error, after waiting for it. Any number of Swift tasks may wait.
  ///
  /// If the waiting Swift task is cancelled, its wait ends with `CancellationError`. The work
  /// continues, because other tasks may wait for it; ``cancel()`` cancels the work. A result that
  /// has arrived is also returned to a cancelled task.
  public nonisolated(nonsending) var result: Result<Value, any Error> {
    get async {
      if let result = taken() { return result }
      if origin != ProcessOrigin.current { return .failure(PoolError.otherProcess(origin)) }
      let latch = Latch()
      enlist(latch)
      await withTaskCancellationHandler {
        await latch.wait()
      } onCancel: {
        latch.open()
      }
      if let result = taken() { return result }
      dismiss(latch)
      return .failure(CancellationError())
    }
  }

  /// The result, which is there, or why there will be none.
  var outcome: Result<Value, any Error> { taken() ?? .failure(PoolError.otherProcess(origin)) }

  /// The value, after waiting for it as ``result`` does.
  ///
  /// - Throws: ``PoolError``; `CancellationError` if the waiting Swift task is cancelled, and after
  ///   ``cancel()`` if `mapAsync` returned the handle.
  public nonisolated(nonsending) var value: Value {
    get async throws { try await result.get() }
  }

  /// As ``result``, for a caller that cancels the work when its Swift task is cancelled: the wait ends with the work.
  nonisolated(nonsending) func finalResult() async -> Result<Value, any Error> {
    if let result = taken() { return result }
    let latch = Latch()
    enlist(latch)
    await latch.wait()
    return outcome
  }

  /// The result, if it is there.
  func taken() -> Result<Value, any Error>? {
    let decode = state.withLock { state -> (@Sendable () -> Result<Value, any Error>)? in
      switch state {
      case .pending: nil
      case .arrived(let decode): decode
      case .done(let result): { result }
      }
    }
    guard let decode else { return nil }
    // Outside the lock: decoding runs the caller's code. Two concurrent callers may both decode.
    let result = decode()
    state.withLock { $0 = .done(result) }
    return result
  }

  /// Waits for the result for at most `limit`.
  ///
  /// Returns early if the Swift task is cancelled.
  ///
  /// - Parameter limit: how long to wait. If it is zero or negative, the method returns
  ///   immediately; if it exceeds 292 years, the wait is unlimited.
  /// - Returns: whether the result has arrived. If not, it may still arrive later.
  public nonisolated(nonsending) func wait(for limit: Duration) async -> Bool {
    if origin != ProcessOrigin.current { return isReady }
    if limit <= .zero { return isReady }
    let latch = Latch()
    enlist(latch)
    // `Task.sleep` traps on longer durations.
    let timer =
      limit.nanoseconds == .max
      ? nil
      : Task {
        try? await Task.sleep(for: limit)  // Ends early only if the wait has ended.
        latch.open()
      }
    await withTaskCancellationHandler {
      await latch.wait()
    } onCancel: {
      latch.open()
    }
    timer?.cancel()
    dismiss(latch)
    return isReady
  }

  /// Waits for the result until `instant`; see ``wait(for:)``.
  ///
  /// - Returns: whether the result has arrived.
  public nonisolated(nonsending) func wait(until instant: ContinuousClock.Instant) async -> Bool {
    await wait(for: instant - .now)
  }

  /// Has the waiter opened when the result is there.
  func enlist(_ waiter: any Waiter) {
    let isReady = state.withLock { state in
      guard case .pending(let waiters) = state, origin == ProcessOrigin.current else { return true }
      state = .pending(waiters + [waiter])
      return false
    }
    if isReady { waiter.open() }
  }

  /// Forgets a waiter that waits no more.
  private func dismiss(_ waiter: any Waiter) {
    state.withLock { state in
      guard case .pending(let waiters) = state else { return }
      state = .pending(waiters.filter { $0 !== waiter })
    }
  }

  /// Cancels the work, unless it has completed.
  ///
  /// Unstarted items never run, and running items are cancelled, see ``CancellationGrace``. The
  /// result becomes ``PoolError/cancelled(_:)``, or `CancellationError` if `mapAsync` returned the
  /// handle.
  public func cancel() {
    takeCancellation()?()
  }

  private func takeCancellation() -> (@Sendable () -> Void)? {
    onCancel.withLock { body in
      defer { body = nil }
      return body
    }
  }
}

/// What is notified when a result is there.
protocol Waiter: AnyObject, Sendable {
  /// Any number of times.
  func open()
}

/// Suspends one Swift task until it is opened.
private final class Latch: Waiter {
  private struct State {
    var isOpen = false
    var waiter: UnsafeContinuation<Void, Never>?
  }

  private let state = Mutex(State())

  func open() {
    let waiter = state.withLock { state in
      state.isOpen = true
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume()
  }

  nonisolated(nonsending) func wait() async {
    // Unsafe because a checked continuation allocates; `open` resumes it, once.
    await withUnsafeContinuation { continuation in
      let isOpen = state.withLock { state in
        if !state.isOpen { state.waiter = continuation }
        return state.isOpen
      }
      if isOpen { continuation.resume() }
    }
  }
}

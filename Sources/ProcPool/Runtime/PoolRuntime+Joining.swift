// The wait for the end of the pool.

extension PoolRuntime {
  /// Waits until all workers have ended or been abandoned, and their text has been relayed.
  func waitForEnd(isolation: isolated (any Actor)?) async {
    // Directly, as callers wait for items, because Swift may be unable to start a thread.
    guard isolation != nil else { return await suspendUntilEnd(isolation: nil) }
    await withTaskExecutorPreference(executor, isolation: isolation) {
      await suspendUntilEnd(isolation: isolation)
    }
  }

  private func suspendUntilEnd(isolation: isolated (any Actor)?) async {
    await withUnsafeContinuation(isolation: isolation) { continuation in
      let hasEnded = state.withLock { state in
        if !state.hasEnded { state.waiters.add(joiner: continuation) }
        return state.hasEnded
      }
      if hasEnded { continuation.resume() }
    }
  }
}

// Waiting for the end of the pool.

extension PoolRuntime {
  /// Waits until all workers have ended or been given up, and their text has been written.
  func waitForEnd(isolation: isolated (any Actor)?) async {
    // As callers wait for their items: not by way of a thread of Swift's, of which there may be none.
    guard isolation != nil else { return await suspendUntilEnd(isolation: nil) }
    await withTaskExecutorPreference(handover, isolation: isolation) {
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

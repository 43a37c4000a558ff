extension PoolRuntime {
  /// So many events are kept for each listener: a thousand losses in a row, at some ten microseconds each,
  /// are a quarter of a second's worth.
  private static let eventCapacity = 1024

  var events: PoolEvents {
    if isInCopy { return PoolEvents(stream: AsyncStream { $0.finish() }) }
    let (stream, continuation) = AsyncStream.makeStream(
      of: PoolEvent.self, bufferingPolicy: .bufferingNewest(Self.eventCapacity))
    let (number, isOver) = state.withLock { state in
      state.nextObserver += 1
      if !state.isStopped { state.observers[state.nextObserver] = continuation }
      return (state.nextObserver, state.isStopped)
    }
    if isOver { continuation.finish() }
    continuation.onTermination = { [weak self] _ in
      _ = self?.state.withLock { $0.observers.removeValue(forKey: number) }
    }
    return PoolEvents(stream: stream)
  }
}

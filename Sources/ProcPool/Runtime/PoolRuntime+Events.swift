extension PoolRuntime {
  /// The maximum number of buffered events per listener. A thousand consecutive losses take a
  /// quarter of a second.
  private static let eventCapacity = 1024

  var events: PoolEvents {
    if isInCopy { return PoolEvents(stream: AsyncStream { $0.finish() }) }
    let (stream, continuation) = AsyncStream.makeStream(
      of: PoolEvent.self, bufferingPolicy: .bufferingNewest(Self.eventCapacity))
    let number = state.withLock { state in state.isStopped ? nil : state.events.add(continuation) }
    guard let number else {
      continuation.finish()
      return PoolEvents(stream: stream)
    }
    continuation.onTermination = { [weak self] _ in self?.state.withLock { $0.events.remove(number) } }
    return PoolEvents(stream: stream)
  }
}

extension PoolEvent {
  func announce(to listeners: [PoolEvents.Continuation]) {
    for listener in listeners { listener.yield(self) }
  }
}

/// One iteration of a stream, whatever its task and inputs.
@usableFromInline
class StreamCall<Element> {
  // Because exclusivity(unchecked): one consumer uses it, and a check per item would cost more than the item.
  @exclusivity(unchecked) @usableFromInline final var ready: [Element] = []
  @exclusivity(unchecked) @usableFromInline final var readyIndex = 0
  /// Thrown by the next call, which is the last that does anything.
  final var failure: (any Error)?

  init(failing failure: (any Error)?) {
    self.failure = failure
  }

  /// The next result, if it is decoded.
  @inlinable
  final func popReady() -> Element? {
    guard readyIndex < ready.count else { return nil }
    defer { readyIndex &+= 1 }
    return ready[readyIndex]
  }

  /// The next result; waits for it. `nil` at the end.
  @usableFromInline
  final func nextElement(isolation: isolated (any Actor)?) async throws -> Element? {
    if failure == nil {
      ready = []
      readyIndex = 0
      do {
        try await refill(isolation: isolation)
        return popReady()
      } catch {
        stop()
        throw error
      }
    }
    defer { failure = nil }
    throw failure!
  }

  /// Puts the next results into `ready`; leaves it empty at the end.
  func refill(isolation: isolated (any Actor)?) async throws {}

  /// No more will be asked for.
  func stop() {}
}

/// One iteration of a stream, independent of its task and inputs.
@usableFromInline
class StreamCall<Element> {
  // Safety: `@exclusivity(unchecked)` because a single consumer uses it. A check per item would
  // cost more than the item.
  @exclusivity(unchecked) @usableFromInline final var ready: [Element] = []
  @exclusivity(unchecked) @usableFromInline final var readyIndex = 0
  /// The error that the next call throws, which is the last one with an effect.
  final var failure: (any Error)?

  init(failing failure: (any Error)?) {
    self.failure = failure
  }

  /// The next result, if it has been decoded.
  @inlinable
  final func popReady() -> Element? {
    guard readyIndex < ready.count else { return nil }
    defer { readyIndex &+= 1 }
    return ready[readyIndex]
  }

  /// Waits for the next result; `nil` at the end.
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

  /// Puts the next results into `ready`; leaves `ready` empty at the end.
  func refill(isolation: isolated (any Actor)?) async throws {}

  /// Ends the iteration: no more results are requested.
  func stop() {}
}

/// An asynchronous sequence of the results of a call: the return type of `imap` and related verbs.
///
/// No item runs before the first result is requested, and then only as many as keep the workers busy:
/// a slow consumer slows the workers down, and one that stops consuming stops them. Leaving the loop
/// early cancels the call. Each iterator is a call of its own and iterates the inputs again.
public struct PoolStream<Element>: AsyncSequence {
  /// Iterating throws ``PoolError``, `CancellationError`, or an error of the inputs.
  public typealias Failure = any Error

  private let begin: () throws -> StreamCall<Element>

  init(_ begin: @escaping () throws -> StreamCall<Element>) {
    self.begin = begin
  }

  /// Returns an iterator with a call of its own, which starts with the first `next()`. If the call
  /// cannot start, `next()` throws the reason.
  public func makeAsyncIterator() -> Iterator {
    do {
      return Iterator(call: try begin())
    } catch {
      return Iterator(call: StreamCall(failing: error))
    }
  }

  /// An iterator over the results of one call. For one consumer at a time.
  public struct Iterator: AsyncIteratorProtocol {
    @usableFromInline let call: StreamCall<Element>

    init(call: StreamCall<Element>) {
      self.call = call
    }

    /// Returns the next result, or `nil` after the last.
    ///
    /// - Throws: the error of a failed item, unless the elements are `Result`s; the stream ends
    ///   with it. `CancellationError` if the Swift task is cancelled.
    /// - Complexity: some nanoseconds and no change of executors while decoded results are
    ///   available.
    @inlinable
    public mutating func next(
      isolation actor: isolated (any Actor)? = #isolation
    ) async throws -> Element? {
      if let element = call.popReady() { return element }
      return try await call.nextElement(isolation: actor)
    }

    /// Returns the next result, or `nil` after the last.
    ///
    /// - Throws: as ``next(isolation:)``.
    @inlinable
    public mutating func next() async throws -> Element? {
      try await next(isolation: #isolation)
    }
  }
}

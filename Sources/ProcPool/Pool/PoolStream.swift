/// The results of a call as they come: what `imap` and its kin return.
///
/// Nothing is run before the first result is asked for, and no more than is needed to keep the workers busy
/// after that: a consumer that is slow slows the workers down, and one that stops stops them. Leaving the
/// loop early cancels the call. Each iterator is a call of its own and takes the inputs anew.
public struct PoolStream<Element>: AsyncSequence {
  public typealias Failure = any Error

  private let begin: () throws -> StreamCall<Element>

  init(_ begin: @escaping () throws -> StreamCall<Element>) {
    self.begin = begin
  }

  public func makeAsyncIterator() -> Iterator {
    do {
      return Iterator(call: try begin())
    } catch {
      return Iterator(call: StreamCall(failing: error))
    }
  }

  /// Gives the results of one call. For one consumer at a time.
  public struct Iterator: AsyncIteratorProtocol {
    @usableFromInline let call: StreamCall<Element>

    init(call: StreamCall<Element>) {
      self.call = call
    }

    /// The next result, or `nil` after the last.
    ///
    /// - Throws: the error of an item that failed, unless the stream's elements are `Result`s; the stream
    ///   ends with it. `CancellationError` if the Swift task is cancelled.
    /// - Complexity: some nanoseconds while decoded results are at hand, without a change of executors.
    @inlinable
    public mutating func next(
      isolation actor: isolated (any Actor)? = #isolation
    ) async throws -> Element? {
      if let element = call.popReady() { return element }
      return try await call.nextElement(isolation: actor)
    }

    @inlinable
    public mutating func next() async throws -> Element? {
      try await next(isolation: #isolation)
    }
  }
}

/// The results of a call as they arrive: what `imap` and its kin return.
///
/// A stream is a recipe, which may be kept, copied, sent to other tasks and iterated any number of times. Every
/// iterator is a call of its own, over the inputs from their beginning, and its options (a deadline, for example) apply
/// to each. So two loops over a stream run the task twice on every input, at the same time if the loops are.
///
/// Nothing runs before the first result is asked for, and no more than is needed to keep the workers busy after that:
/// a consumer that is slow slows the workers down, and one that stops stops them. Leaving the loop early cancels the
/// call.
///
/// The inputs are a `Sequence` that is `Sendable`, and are taken wherever the stream is iterated. Over a sequence that is
/// not, such as `lazy.map`, whose closure may capture anything, the verbs return a ``LocalPoolStream``.
public struct PoolStream<Element: Sendable>: AsyncSequence, Sendable {
  /// Inputs and items may throw anything.
  public typealias Failure = any Error

  private let begin: @Sendable () throws -> StreamCall<Element>

  init(_ begin: @escaping @Sendable () throws -> StreamCall<Element>) {
    self.begin = begin
  }

  /// Makes an iterator: a call that starts when its first result is asked for.
  public func makeAsyncIterator() -> Iterator { Iterator(beginning: begin) }

  /// Yields the results of one call. For one consumer at a time.
  public struct Iterator: AsyncIteratorProtocol {
    @usableFromInline let call: StreamCall<Element>

    init(beginning begin: () throws -> StreamCall<Element>) {
      do {
        call = try begin()
      } catch {
        call = StreamCall(failing: error)
      }
    }

    /// Returns the next result, or `nil` after the last.
    ///
    /// - Throws: the error of an item that failed, unless the stream's elements hold `Result`s; the stream
    ///   ends with it. `CancellationError` if the Swift task is cancelled.
    /// - Complexity: some nanoseconds while decoded results are at hand, without a change of executors.
    @inlinable
    public mutating func next(
      isolation actor: isolated (any Actor)? = #isolation
    ) async throws -> Element? {
      if let element = call.popReady() { return element }
      return try await call.nextElement(isolation: actor)
    }

    /// The next result, or `nil` after the last.
    @inlinable
    public mutating func next() async throws -> Element? {
      try await next(isolation: #isolation)
    }
  }
}

/// The results of a call as they arrive, over inputs that are not `Sendable`: a ``PoolStream`` that stays where it was
/// made.
///
/// Every iterator is a call of its own, as with ``PoolStream``.
public struct LocalPoolStream<Element: Sendable>: AsyncSequence {
  /// Inputs and items may throw anything.
  public typealias Failure = any Error

  private let begin: () throws -> StreamCall<Element>

  init(_ begin: @escaping () throws -> StreamCall<Element>) {
    self.begin = begin
  }

  /// Makes an iterator: a call that starts when its first result is asked for.
  public func makeAsyncIterator() -> PoolStream<Element>.Iterator { PoolStream.Iterator(beginning: begin) }
}

import Synchronization

/// Returns the results of several handles in the order in which they arrive, each with the position
/// of its handle.
///
///     let handles = scenes.map { pool.applyAsync(Render(), to: $0) }
///     for await (index, result) in asCompleted(handles) {
///       print(index, try result.get().count)
///     }
///
/// The sequence ends after one element per handle, or earlier if the Swift task that iterates is
/// cancelled. Leaving the loop cancels no work. Each iteration yields all results again.
///
/// - Complexity: O(*n*) in the number of handles for an iteration.
public func asCompleted<Value>(
  _ handles: [TaskHandle<Value>]
) -> some AsyncSequence<(index: Int, result: Result<Value, any Error>), Never> & Sendable {
  CompletedHandles(handles: handles)
}

private struct CompletedHandles<Value: Sendable>: AsyncSequence, Sendable {
  typealias Element = (index: Int, result: Result<Value, any Error>)
  typealias Failure = Never

  let handles: [TaskHandle<Value>]

  func makeAsyncIterator() -> AsyncMapSequence<AsyncStream<Int>, Element>.Iterator {
    let (stream, continuation) = AsyncStream<Int>.makeStream()
    if handles.isEmpty { continuation.finish() }
    let arrivals = Arrivals(left: handles.count, continuation)
    for (index, handle) in handles.enumerated() { handle.enlist(Arrival(of: index, in: arrivals)) }
    // Decoded by the consumer, rather than by the thread on which the result arrives.
    return stream.map { [handles] index in (index, handles[index].outcome) }.makeAsyncIterator()
  }
}

/// The positions of handles, in the order in which their results arrive.
private final class Arrivals: Sendable {
  private let left: Mutex<Int>
  private let continuation: AsyncStream<Int>.Continuation

  init(left: Int, _ continuation: AsyncStream<Int>.Continuation) {
    self.left = Mutex(left)
    self.continuation = continuation
  }

  func note(_ index: Int) {
    continuation.yield(index)
    let isLast = left.withLock { left in
      left -= 1
      return left == 0
    }
    if isLast { continuation.finish() }
  }
}

private final class Arrival: Waiter {
  private let index: Int
  private let arrivals: Arrivals

  init(of index: Int, in arrivals: Arrivals) {
    self.index = index
    self.arrivals = arrivals
  }

  func open() { arrivals.note(index) }
}

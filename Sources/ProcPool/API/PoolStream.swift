import ProcPoolWire
import ProcPoolWorker

/// The results of a call as they come: what `imap` and its kin return.
///
/// Nothing is run before the first result is asked for, and no more than is needed to keep the workers busy after that:
/// a consumer that is slow slows the workers down, and one that stops stops them. Leaving the loop early cancels the
/// call. Each iterator is a call of its own and takes the inputs anew.
public struct PoolStream<Element>: AsyncSequence {
  public typealias Failure = any Error

  private let begin: () throws -> StreamCall<Element>

  init(_ begin: @escaping () throws -> StreamCall<Element>) {
    self.begin = begin
  }

  public func makeAsyncIterator() -> Iterator {
    Iterator(call: Swift.Result { try begin() })
  }

  /// Gives the results of one call. For one consumer at a time.
  public struct Iterator: AsyncIteratorProtocol {
    private var call: Swift.Result<StreamCall<Element>, any Error>?

    fileprivate init(call: Swift.Result<StreamCall<Element>, any Error>) {
      self.call = call
    }

    /// The next result, or `nil` after the last.
    ///
    /// - Throws: the error of an item that failed, unless the stream's elements are `Result`s; the stream ends with it.
    ///   `CancellationError` if the Swift task is cancelled.
    /// - Complexity: some nanoseconds while decoded results are at hand, without a change of executors.
    public mutating func next(
      isolation actor: isolated (any Actor)? = #isolation
    ) async throws -> Element? {
      guard let call = try call?.get() else { return nil }
      do {
        if let element = try call.takeReady() { return element }
        if let element = try await call.nextElement(isolation: actor) { return element }
      } catch {
        self.call = nil
        throw error
      }
      self.call = nil
      return nil
    }

    public mutating func next() async throws -> Element? {
      try await next(isolation: #isolation)
    }
  }
}

/// One iteration of a stream, whatever its task and inputs.
class StreamCall<Element> {
  /// The next result, if it is at hand.
  func takeReady() throws -> Element? { nil }
  /// The next result; waits for it. `nil` at the end.
  func nextElement(isolation: isolated (any Actor)?) async throws -> Element? { nil }
}

/// The order in which a stream gives results.
enum StreamOrder {
  /// That of the inputs.
  case ordered
  /// That in which they come.
  case unordered
}

/// One iteration of a stream over the results of a task.
final class TaskStreamCall<Task: PoolTask, Source: InputSource<Task.Input>, Element>: StreamCall<Element> {
  private let call: TypedCall<Task>
  /// Kept, because a pool that nobody holds is terminated.
  private let pool: Pool
  private var source: Source
  private let order: StreamOrder
  private let limit: Int
  /// Makes an element of what became of an item; throws to end the stream.
  private let element: (Result<Task.Output, PoolError>) throws -> Element

  /// What has come and was not asked for yet, by the first item; in the order of arrival if `order` is `unordered`.
  private var waiting: [UInt64: Arrival] = [:]
  private var arrived = Deque<(first: UInt64, Arrival)>()
  private var current: (item: UInt64, cursor: OutputCursor<Task.Output>)?
  /// The item that comes next in order.
  private var nextItem: UInt64 = 0
  /// Items that have come and were not given out.
  private var held = 0
  /// Of `held`, how many were there when workers last got more; at half of it they get more again.
  private var heldAtExchange = 0
  private var heldBytes = 0

  private enum Arrival {
    case outputs(count: Int, OutputSlice)
    case failure(PoolError)
  }

  /// Results that wait for an earlier one take at most about this much memory: 64 MiB.
  private static var heldBytesLimit: Int { 64 << 20 }

  init(
    _ call: TypedCall<Task>, _ source: Source, order: StreamOrder, inFlight: Int?, pool: Pool,
    element: @escaping (Result<Task.Output, PoolError>) throws -> Element
  ) {
    self.call = call
    self.pool = pool
    self.source = source
    self.order = order
    // In order, an item that takes long holds up all that come after it: the others may be this far ahead.
    limit = inFlight ?? max(4 * call.runtime.settings.workers * Pacing.windowItems, 1)
    self.element = element
  }

  override func takeReady() throws -> Element? {
    if let (item, _) = current {
      let result = current!.cursor.next(call.decoder, item: call.taskID(item))
      if current!.cursor.remaining == 0 { current = nil } else { current!.item += 1 }
      held -= 1
      if held * 2 < heldAtExchange { try exchange() }
      return try element(result)
    }
    guard let (first, arrival) = popArrival() else { return nil }
    switch arrival {
    case .failure(let error):
      held -= 1
      nextItem = first + 1
      return try element(.failure(error))
    case .outputs(let count, let slice):
      heldBytes -= slice.count
      nextItem = first + UInt64(count)
      current = (first, OutputCursor(slice, count: count))
      return try takeReady()
    }
  }

  private func popArrival() -> (UInt64, Arrival)? {
    switch order {
    case .ordered: waiting.removeValue(forKey: nextItem).map { (nextItem, $0) }
    case .unordered: arrived.popFirst().map { ($0.first, $0.1) }
    }
  }

  private func put(_ first: UInt64, _ arrival: Arrival, count: Int, bytes: Int) {
    held += count
    heldBytes += bytes
    switch order {
    case .ordered: waiting[first] = arrival
    case .unordered: arrived.append((first, arrival))
    }
  }

  private func exchange() throws {
    let isRoomy = heldBytes < Self.heldBytesLimit
    try call.exchange(&source, submits: isRoomy, limit: limit - held) { news in
      switch news {
      case .outputs(let first, let count, let slice):
        put(first, .outputs(count: count, slice), count: count, bytes: slice.count)
      case .failure(let item, let error):
        put(item, .failure(error), count: 1, bytes: 0)
      }
    }
    heldAtExchange = held
  }

  override func nextElement(isolation: isolated (any Actor)?) async throws -> Element? {
    try await withTaskCancellationHandler(
      operation: {
        while true {
          if _Concurrency.Task.isCancelled {
            call.retire()
            throw CancellationError()
          }
          try exchange()
          if let element = try takeReady() { return element }
          if source.isExhausted, call.isComplete { return nil }
          await call.wait(isolation: isolation)
        }
      }, onCancel: { [runtime = call.runtime, box = call.box] in runtime.call(ownerOf: box) },
      isolation: isolation)
  }
}

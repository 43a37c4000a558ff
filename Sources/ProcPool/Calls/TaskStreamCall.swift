import ProcPoolWire
import ProcPoolWorker

/// The order in which a stream yields results.
@usableFromInline
enum StreamOrder: Sendable {
  /// The order of the inputs.
  case ordered
  /// The order of arrival.
  case unordered
}

/// The conversions of the results of items to a stream's elements.
struct StreamElements<Output, Element> {
  /// Converts the outputs of consecutive items, many at a time.
  let outputs: (_ first: UInt64, [Output]) -> [Element]
  /// Converts the failure of an item; throws to end the stream.
  let failure: (_ item: UInt64, PoolError) throws -> Element
}

extension StreamElements where Element == Output {
  /// The outputs themselves; a failure ends the stream.
  static var plain: StreamElements { StreamElements(outputs: { $1 }, failure: { throw $1 }) }
}

extension StreamElements where Element == Result<Output, PoolError> {
  /// A result per item.
  static var results: StreamElements {
    StreamElements(outputs: { $1.map { .success($0) } }, failure: { .failure($1) })
  }
}

/// One iteration of a stream over the results of a task.
final class TaskStreamCall<T: PoolTask, Source: InputSource<T.Input>, Element>: StreamCall<Element> {
  private let call: TypedCall<T>
  /// Retained, because a pool that is not referenced is terminated.
  private let pool: any AnyObject & Sendable
  /// `nil` when no more inputs are needed, so that the caller's sequence is released.
  private var source: Source?
  /// Whether the last inputs took long to arrive.
  private var isSlow = false
  private let order: StreamOrder
  private let limit: Int
  private let elements: StreamElements<T.Output, Element>

  /// The results that have arrived but were not yielded: by first item if the order matters,
  /// otherwise in order of arrival.
  private var waiting: [UInt64: Arrival] = [:]
  private var arrived = Deque<(first: UInt64, arrival: Arrival)>()
  /// The outputs that are being decoded, and the item of the next one.
  private var current: (item: UInt64, cursor: OutputCursor<T.Output>)?
  /// An output that could not be decoded, to be yielded after the ready elements.
  private var undecodable: (item: UInt64, error: PoolError)?
  /// The next item in order.
  private var nextItem: UInt64 = 0
  /// The number of items that have arrived but were not consumed, including the ready ones.
  private var held = 0
  private var readyCount = 0
  /// The value of `held` at the last exchange. When it falls to half of this, the workers get more
  /// inputs.
  private var heldAtExchange = 0
  private var heldBytes = 0
  /// The error that the inputs' own sequence has thrown. It is rethrown when all earlier results
  /// have been yielded.
  private var inputError: (any Error)?
  private var isStopped = false

  private enum Arrival {
    case outputs(count: Int, OutputSlice)
    case failure(PoolError)
  }

  /// The approximate maximum of memory for results that wait for an earlier one: 64 MiB.
  private static var heldBytesLimit: Int { 64 << 20 }

  init(
    _ call: TypedCall<T>, _ source: Source, order: StreamOrder, inFlight: Int?,
    pool: any AnyObject & Sendable,
    elements: StreamElements<T.Output, Element>
  ) {
    self.call = call
    self.pool = pool
    self.source = source
    self.order = order
    // In order, a long item holds up all later ones, which may be this far ahead. A chunk of a
    // given size may exceed the limit and is submitted nevertheless: see `Submission`.
    limit = inFlight ?? 4 * call.runtime.settings.workers * Pacing.windowItems
    self.elements = elements
    super.init(failing: nil)
  }

  override func stop() {
    isStopped = true
    source = nil
    call.retire()
  }

  override func refill(isolation: isolated (any Actor)?) async throws {
    if isStopped { return }
    held -= readyCount
    readyCount = 0
    // The time that the consumer and the decoder take counts as time of the call.
    if call.mustStop(), !isGivenOut {
      if Task.isCancelled { throw CancellationError() }
      if let error = call.expired { throw error }
    }
    // Results that have arrived need not wait for slow inputs.
    if isSlow {
      exchange(submits: false)
    } else if held * 2 < heldAtExchange {
      exchange()
    }
    if try fillReady() { return }
    try await call.drive(isolation: isolation) {
      let wantsMore = exchange()
      if try fillReady() { return .done }
      if try isOver() {
        stop()
        return .done
      }
      guard wantsMore else { return .wait() }
      if isSlow {
        // Compared with the time of an input, polling briefly for the results of short items costs
        // little.
        if !call.isComplete { call.runtime.pollForNews(of: call.box) }
        exchange(submits: false)
        if try fillReady() { return .done }
      }
      return .again
    }
  }

  /// Whether all items of the inputs' sequence have ended, and their results have been yielded.
  private var isGivenOut: Bool {
    call.isComplete && inputError == nil && source?.isExhausted != false && current == nil
      && undecodable == nil
      && waiting.isEmpty && arrived.isEmpty
  }

  /// Whether all results have been yielded.
  ///
  /// - Throws: the reason why no more results follow, if it is not the end of the inputs. Results
  ///   in order have been yielded; the others are dropped.
  private func isOver() throws -> Bool {
    if isGivenOut { return true }
    if let error = call.expired { throw error }
    guard call.isComplete else { return false }
    if let inputError { throw inputError }
    guard let error = call.poolEnd else { return false }
    if source?.remaining != 0 { throw error }
    return true
  }

  /// Decodes the next results, if they have arrived.
  ///
  /// - Returns: whether any element is ready.
  private func fillReady() throws -> Bool {
    if let (item, error) = undecodable {
      undecodable = nil
      return try makeReady(item, failure: error)
    }
    if current == nil {
      guard let (first, arrival) = popArrival() else { return false }
      switch arrival {
      case .failure(let error):
        nextItem = first + 1
        return try makeReady(first, failure: error)
      case .outputs(let count, let slice):
        heldBytes -= slice.count
        nextItem = first + UInt64(count)
        current = (first, OutputCursor(slice, count: count))
      }
    }
    let first = current!.item
    let (outputs, error) = call.runtime.times.measure(.decoding) {
      current!.cursor.nextBatch(call.decoder, first: call.itemID(first))
    }
    current!.item += UInt64(outputs.count + (error == nil ? 0 : 1))
    if current!.cursor.remaining == 0 { current = nil }
    undecodable = error.map { (first + UInt64(outputs.count), $0) }
    if outputs.isEmpty { return try fillReady() }
    ready = elements.outputs(first, outputs)
    readyCount = outputs.count
    return true
  }

  private func makeReady(_ item: UInt64, failure error: PoolError) throws -> Bool {
    ready = [try elements.failure(item, error)]
    readyCount = 1
    return true
  }

  private func popArrival() -> (first: UInt64, arrival: Arrival)? {
    switch order {
    case .ordered: waiting.removeValue(forKey: nextItem).map { (nextItem, $0) }
    case .unordered: arrived.popFirst()
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

  /// - Returns: whether the pool accepts more inputs immediately.
  @discardableResult
  private func exchange(submits: Bool = true) -> Bool {
    defer { heldAtExchange = held }
    guard source != nil else { return false }
    let isRoomy = submits && heldBytes < Self.heldBytesLimit && inputError == nil
    do {
      let wantsMore = try call.exchange(&source!, submits: isRoomy, limit: limit, held: held) { news in
        switch news {
        case .outputs(let first, let count, let slice):
          put(first, .outputs(count: count, slice), count: count, bytes: slice.count)
        case .failure(let item, let error):
          put(item, .failure(error), count: 1, bytes: 0)
        }
      }
      if submits { isSlow = call.wasSlow }
      return wantsMore
    } catch {
      inputError = error
      return false
    }
  }
}

import ProcPoolProtocol
import ProcPoolWire
import ProcPoolWorker

/// The set of ended items of a call: all below a mark, and runs beyond it.
struct EndedItems {
  /// All items below this one have ended.
  private(set) var prefix: UInt64 = 0
  private var runs: [UInt64: UInt64] = [:]

  /// - Complexity: O(1), amortised.
  mutating func insert(_ first: UInt64, count: Int) {
    runs[first] = first + UInt64(count)
    while let end = runs.removeValue(forKey: prefix) { prefix = end }
  }
}

/// A failed item, and its error.
struct ItemError {
  let item: UInt64
  let error: PoolError
}

/// The outputs of a map, stored at their positions in order of arrival.
struct OutputStorage<Output> {
  private var values: [Output?] = []
  /// For outputs that are plain memory: the array itself, whose elements have arbitrary values
  /// until they are written.
  private var block: [Output] = []
  private let isBlock: Bool

  init(isBlock: Bool) {
    self.isBlock = isBlock
  }

  private mutating func makeRoom(for count: Int) {
    if isBlock {
      guard block.count < count else { return }
      // Doubled, so that the cost of growing per item does not depend on their number.
      let capacity = max(count, block.count * 2)
      let old = block
      block = [Output](unsafeUninitializedCapacity: capacity) { memory, initialized in
        old.withUnsafeBytes { UnsafeMutableRawBufferPointer(memory).copyMemory(from: $0) }
        initialized = capacity
      }
    } else if values.count < count {
      values.append(contentsOf: repeatElement(nil, count: count - values.count))
    }
  }

  /// Reserves memory for an expected number of outputs, without writing to it.
  mutating func reserve(_ count: Int) {
    if isBlock { makeRoom(for: count) } else { values.reserveCapacity(count) }
  }

  /// - Parameter mustStop: whether to leave the rest undecoded because the call has ended.
  /// - Returns: the first item that could not be decoded, and its error.
  mutating func store(
    _ firstItem: UInt64, count: Int, _ slice: OutputSlice, _ decoder: OutputDecoder<Output>, call: CallID,
    mustStop: () -> Bool
  ) -> ItemError? {
    let first = Int(firstItem)
    var failure: ItemError?
    makeRoom(for: first + count)
    if isBlock {
      block.withUnsafeMutableBytes { memory in
        let stride = MemoryLayout<Output>.stride
        UnsafeMutableRawBufferPointer(rebasing: memory[(first * stride)...]).copyIntoFresh(
          UnsafeRawBufferPointer(rebasing: slice.bytes.prefix(count * stride)))
      }
    } else {
      var cursor = OutputCursor<Output>(slice, count: count)
      for index in first..<first + count {
        switch cursor.next(decoder, item: ItemID(call: call, index: index)) {
        case .success(let value): values[index] = value
        case .failure(let error): failure = failure ?? ItemError(item: UInt64(index), error: error)
        }
        if mustStop() { break }
      }
    }
    return failure
  }

  /// Returns all outputs. Every item below `count` must have been stored.
  consuming func finish(_ count: Int) -> [Output] {
    if isBlock {
      // Surplus capacity is released if there is much of it.
      if block.capacity / 2 > count { return Array(block.prefix(count)) }
      if block.count > count { block.removeLast(block.count - count) }
      return block
    }
    return values.prefix(count).map { $0! }
  }
}

extension TypedCall {
  /// Runs the call to its end, and throws the error of the lowest failed item, as a serial loop
  /// would.
  ///
  /// - Parameter store: stores outputs; returns the first item that could not be decoded.
  func collect(
    _ source: some InputSource<T.Input>, isolation: isolated (any Actor)?,
    _ store: (UInt64, Int, OutputSlice) -> ItemError?
  ) async throws {
    var source = source
    var endedItems = EndedItems()
    var failure: ItemError?
    func note(_ error: ItemError?) {
      if let error, error.item < failure?.item ?? .max { failure = error }
    }
    try await drive(isolation: isolation) {
      let wantsMore = try exchange(&source, submits: failure == nil) { news in
        switch news {
        case .outputs(let first, let count, let slice):
          endedItems.insert(first, count: count)
          note(store(first, count, slice))
        case .failure(let item, let error):
          endedItems.insert(item, count: 1)
          note(ItemError(item: item, error: error))
        }
      }
      // If the task was cancelled, outputs may have been left undecoded.
      if Task.isCancelled { throw CancellationError() }
      if let failure, endedItems.prefix >= failure.item { throw failure.error }
      if let error = expired { throw error }
      if isComplete {
        if source.isExhausted { return .done }
        if let error = poolEnd {
          // The remaining inputs would never run.
          if source.remaining != 0 { throw error }
          return .done
        }
      }
      return wantsMore ? .again : .wait(untilEnd: source.isExhausted)
    }
  }
}

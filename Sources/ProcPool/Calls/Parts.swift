import ProcPoolWorker

// The parts of a reduction, as sequences of the items that travel.

/// Parts of a sequence's elements.
struct InputParts<Input: Codable & Sendable>: Sequence, IteratorProtocol {
  private let pull: CallInputs<Input>.Pull
  private var cursor: PartCursor
  private var isExhausted = false

  init(_ inputs: CallInputs<Input>, sizes: PartSizes) {
    pull = inputs.begin()
    cursor = PartCursor(sizes)
  }

  mutating func next() -> InputPart<Input>? {
    if isExhausted { return nil }
    let (start, size) = cursor.next()
    let most = Swift.min(size, Int(PartSizes.longestGrown))
    var part: [Input] = []
    part.reserveCapacity(most)
    isExhausted =
      CallInputs.take(size, atOnce: most, from: pull) {
        part.append(contentsOf: $0)
        return true
      }.isExhausted
    return part.isEmpty ? nil : InputPart(first: start, inputs: part)
  }
}

/// Parts of an asynchronous sequence's elements.
struct AsyncInputParts<Inputs: AsyncSequence & Sendable>: AsyncSequence, Sendable
where Inputs.Element: Codable & Sendable {
  let inputs: Inputs
  let sizes: PartSizes

  struct AsyncIterator: AsyncIteratorProtocol {
    var inputs: Inputs.AsyncIterator
    var cursor: PartCursor

    mutating func next() async throws -> InputPart<Inputs.Element>? {
      let (start, size) = cursor.next()
      var part: [Inputs.Element] = []
      part.reserveCapacity(Swift.min(size, Int(PartSizes.longestGrown)))
      while part.count < size, let input = try await inputs.next() { part.append(input) }
      return part.isEmpty ? nil : InputPart(first: start, inputs: part)
    }
  }

  func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(inputs: inputs.makeAsyncIterator(), cursor: PartCursor(sizes))
  }
}

/// Parts of consecutive integers.
struct IntervalParts<Input: FixedWidthInteger & Codable & Sendable>: Sequence, IteratorProtocol {
  private var upcoming: Input
  private var left: Int
  private var cursor: PartCursor

  /// - Parameter count: how many integers from `first` on.
  init(from first: Input, count: Int, sizes: PartSizes) {
    upcoming = first
    left = count
    cursor = PartCursor(sizes)
  }

  mutating func next() -> IntervalPart<Input>? {
    guard left > 0 else { return nil }
    let (start, size) = cursor.next()
    let last = upcoming &+ Input(truncatingIfNeeded: size - 1)
    defer {
      upcoming = last &+ 1
      left -= size
    }
    return IntervalPart(first: start, inputs: upcoming...last)
  }
}

/// Goes from part to part.
struct PartCursor {
  private let sizes: PartSizes
  private var part: UInt64 = 0
  private var start: UInt64 = 0

  init(_ sizes: PartSizes) { self.sizes = sizes }

  mutating func next() -> (start: UInt64, size: Int) {
    let size = sizes.size(ofPart: part, from: start)
    defer {
      part += 1
      start += UInt64(size)
    }
    return (start, size)
  }
}

import ProcPoolWorker

// The parts of a reduction as sequences of items.

/// Parts of a sequence's elements, gathered on demand.
struct PartSource<Element: Codable & Sendable>: InputSource {
  typealias Input = InputPart<Element>

  private let pull: CallInputs<Element>.Pull
  private var cursor: PartCursor
  /// The part that is being gathered, whose inputs may take long to arrive.
  private var part: (start: UInt64, size: Int)
  private var gathered: [Element] = []
  private(set) var isExhausted = false
  var remaining: Int? { nil }

  init(_ inputs: CallInputs<Element>, sizes: ReductionParts) {
    pull = inputs.begin()
    cursor = PartCursor(sizes)
    part = cursor.next()
  }

  mutating func fill(
    _ writer: inout ChunkWriter<Input>, count: Int, isBlock: Bool, until slice: TimeSlice
  ) -> Bool {
    var left = count
    while left > 0, !isExhausted {
      let most = Int(ReductionParts.longestGrown)
      let (missing, stop) = CallInputs.take(
        part.size - gathered.count, atOnce: most, from: pull, until: slice
      ) {
        gathered.append(contentsOf: $0)
        return true
      }
      isExhausted = stop == .exhausted
      if missing == 0 || isExhausted && !gathered.isEmpty {
        writer.append(InputPart(first: part.start, inputs: gathered))
        gathered = []
        part = cursor.next()
        left -= 1
      }
      if !isExhausted, left > 0, slice.isOver || writer.isFull { return true }
    }
    return false
  }
}

/// Parts of an asynchronous sequence's elements.
struct AsyncInputParts<Inputs: AsyncSequence & Sendable>: AsyncSequence, Sendable
where Inputs.Element: Codable & Sendable {
  let inputs: Inputs
  let sizes: ReductionParts

  struct AsyncIterator: AsyncIteratorProtocol {
    var inputs: Inputs.AsyncIterator
    var cursor: PartCursor

    mutating func next() async throws -> InputPart<Inputs.Element>? {
      let (start, size) = cursor.next()
      var part: [Inputs.Element] = []
      part.reserveCapacity(Swift.min(size, Int(ReductionParts.longestGrown)))
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

  /// - Parameter sizes: the sizes for a known number of inputs: the integers from `first` on.
  init(from first: Input, sizes: ReductionParts) {
    upcoming = first
    left = sizes.inputs ?? 0
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

/// Iterates over the parts.
struct PartCursor {
  private let sizes: ReductionParts
  private var part: UInt64 = 0
  private var start: UInt64 = 0

  init(_ sizes: ReductionParts) { self.sizes = sizes }

  mutating func next() -> (start: UInt64, size: Int) {
    let size = sizes.size(ofPart: part, from: start)
    defer {
      part += 1
      start += UInt64(size)
    }
    return (start, size)
  }
}

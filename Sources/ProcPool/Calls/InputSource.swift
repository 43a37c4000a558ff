import ProcPoolWire

/// Where the inputs of a call come from.
protocol InputSource<Input> {
  associatedtype Input: Codable & Sendable

  /// How many inputs are left, where that is known.
  var remaining: Int? { get }
  /// All inputs have been taken.
  var isExhausted: Bool { get }
  /// Adds up to `count` inputs, as many as are there without waiting.
  ///
  /// - Throws: what the inputs' own sequence throws.
  mutating func fill(_ writer: inout ChunkWriter<Input>, count: Int, isBlock: Bool) throws
  /// Takes all that is left, and counts it.
  mutating func countRest() -> Int
}

/// Inputs from any sequence, taken on demand.
struct SequenceSource<Iterator: IteratorProtocol>: InputSource where Iterator.Element: Codable & Sendable {
  private var iterator: Iterator
  private(set) var isExhausted = false
  private(set) var remaining: Int?

  init(_ inputs: some Sequence<Iterator.Element>, iterator: Iterator) {
    self.iterator = iterator
    remaining = knownCount(of: inputs)
  }

  mutating func countRest() -> Int {
    var count = 0
    while !isExhausted, iterator.next() != nil { count += 1 }
    isExhausted = true
    return count
  }

  mutating func fill(_ writer: inout ChunkWriter<Iterator.Element>, count: Int, isBlock: Bool) {
    if isBlock {
      // Gathered first, and then copied as memory: several times as fast as one by one.
      var inputs: [Iterator.Element] = []
      inputs.reserveCapacity(min(count, remaining ?? Pacing.chunkItems))
      while inputs.count < count, let input = iterator.next() { inputs.append(input) }
      if inputs.count < count { isExhausted = true }
      if let left = remaining { remaining = isExhausted ? 0 : max(0, left - inputs.count) }
      inputs.withUnsafeBufferPointer { writer.append(block: $0) }
      return
    }
    for taken in 0..<count {
      // Bounded in bytes, too: large inputs are made when they are wanted.
      if writer.isFull && taken > 0 { return }
      guard let input = iterator.next() else {
        isExhausted = true
        remaining = 0
        return
      }
      if let left = remaining { remaining = max(0, left - 1) }
      writer.append(input)
    }
  }
}

/// How many elements there are, where the sequence knows that at once, and where it is a number.
func knownCount<Inputs: Sequence>(of inputs: Inputs) -> Int? {
  /// `0...Int.max` has one more than `Int` can count, and its `count` would trap.
  func count<Elements: RandomAccessCollection>(of elements: Elements) -> Int? {
    guard let first = elements.startIndex as? Int, let end = elements.endIndex as? Int else {
      return (elements as? any IntegerRange)?.knownCount
    }
    let (count, overflow) = end.subtractingReportingOverflow(first)
    return overflow ? nil : count
  }
  // Only these: others would go through all their elements for it, which may be endless.
  return (inputs as? any RandomAccessCollection).flatMap { count(of: $0) }
}

/// Ranges of integers whose elements may be more than can be counted.
private protocol IntegerRange {
  var knownCount: Int? { get }
}

extension Range: IntegerRange where Bound: FixedWidthInteger {
  var knownCount: Int? { integerDistance(from: lowerBound, to: upperBound) }
}

extension ClosedRange: IntegerRange where Bound: FixedWidthInteger {
  var knownCount: Int? {
    guard let distance = integerDistance(from: lowerBound, to: upperBound), distance < .max else {
      return nil
    }
    return distance + 1
  }
}

/// How far it is from one integer to a larger one: more than the type itself can say, where it is signed.
private func integerDistance<Bound: FixedWidthInteger>(from lower: Bound, to upper: Bound) -> Int? {
  Int(exactly: Bound.Magnitude(truncatingIfNeeded: upper &- lower))
}

/// Inputs from an array: those of fixed size are copied as memory.
struct ArraySource<Input: Codable & Sendable>: InputSource {
  private let inputs: [Input]
  private var next = 0

  init(_ inputs: [Input]) {
    self.inputs = inputs
  }

  var remaining: Int? { inputs.count - next }
  var isExhausted: Bool { next == inputs.count }

  mutating func countRest() -> Int {
    defer { next = inputs.count }
    return inputs.count - next
  }

  mutating func fill(_ writer: inout ChunkWriter<Input>, count: Int, isBlock: Bool) {
    let end = min(inputs.count, next + count)
    if isBlock {
      inputs.withUnsafeBufferPointer { writer.append(block: UnsafeBufferPointer(rebasing: $0[next..<end])) }
      next = end
    } else {
      let first = next
      while next < end, next == first || !writer.isFull {
        writer.append(inputs[next])
        next += 1
      }
    }
  }
}

/// The same input, once for each worker and for no other.
struct PinnedSource<Input: Codable & Sendable>: InputSource {
  private let input: Input
  private let workers: Int
  private var next = 0

  init(_ input: Input, workers: Int) {
    self.input = input
    self.workers = workers
  }

  var remaining: Int? { workers - next }
  var isExhausted: Bool { next == workers }

  mutating func countRest() -> Int {
    defer { next = workers }
    return workers - next
  }

  /// All at once, whatever is asked for: a worker takes its item when it gets to it.
  mutating func fill(_ writer: inout ChunkWriter<Input>, count: Int, isBlock: Bool) {
    while next < workers {
      writer.append(input, to: next)
      next += 1
    }
  }
}

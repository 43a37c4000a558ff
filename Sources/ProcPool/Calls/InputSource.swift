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
struct SequenceSource<Input: Codable & Sendable>: InputSource {
  private let pull: CallInputs<Input>.Pull
  private(set) var isExhausted = false
  private(set) var remaining: Int?

  /// So many bytes of inputs that lie on the wire as in memory are taken at once: they stay in the cache
  /// between the sequence and the frame.
  private static var gatheredBytes: Int { 1 << 14 }

  init(_ inputs: CallInputs<Input>) {
    pull = inputs.begin()
    remaining = inputs.count
  }

  init(_ inputs: some Sequence<Input>) { self.init(CallInputs(inputs)) }

  mutating func countRest() -> Int {
    var count = 0
    take(.max, atOnce: 64) {
      count += $0.count
      return true
    }
    return count
  }

  mutating func fill(_ writer: inout ChunkWriter<Input>, count: Int, isBlock: Bool) {
    if isBlock {
      take(count, atOnce: max(1, Self.gatheredBytes / MemoryLayout<Input>.stride)) {
        writer.append(block: UnsafeBufferPointer($0))
        return true
      }
    } else {
      take(count, atOnce: 1) {
        writer.append($0[0])
        // Bounded in bytes, too: large inputs are made when they are wanted.
        return !writer.isFull
      }
    }
  }

  /// Takes up to `count` inputs, and hands them on in pieces.
  ///
  /// - Parameter body: gets some, and says whether it wants more.
  private mutating func take(
    _ count: Int, atOnce most: Int, _ body: (UnsafeMutableBufferPointer<Input>) -> Bool
  ) {
    guard !isExhausted else { return }
    let (left, isOver) = CallInputs.take(count, atOnce: most, from: pull, body)
    isExhausted = isOver
    if let known = remaining { remaining = isExhausted ? 0 : max(0, known - count + left) }
  }
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

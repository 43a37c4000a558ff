import ProcPoolProtocol
import ProcPoolWire

/// A source of inputs of a call.
protocol InputSource<Input>: SendableMetatype {
  associatedtype Input: Codable & Sendable

  /// The number of inputs left, if it is known, according to the caller's collection, which may be
  /// wrong.
  var remaining: Int? { get }
  /// Whether all inputs have been taken.
  var isExhausted: Bool { get }
  /// Appends up to `count` inputs that are available without waiting, until the time slice is over
  /// or the writer is full.
  ///
  /// - Returns: whether it stopped early, so that more inputs may be available immediately.
  /// - Throws: the error of the inputs' own sequence.
  mutating func fill(
    _ writer: inout ChunkWriter<Input>, count: Int, isBlock: Bool, until slice: TimeSlice
  ) throws -> Bool
}

/// Inputs from any sequence, taken on demand.
struct SequenceSource<Input: Codable & Sendable>: InputSource {
  private let pull: CallInputs<Input>.Pull
  private(set) var isExhausted = false
  private(set) var remaining: Int?

  /// The number of bytes of plain-memory inputs that are taken at once, so that they stay in the
  /// cache between the sequence and the frame.
  private static var gatheredBytes: Int { 1 << 14 }

  init(_ inputs: CallInputs<Input>) {
    pull = inputs.begin()
    remaining = inputs.count
  }

  init(_ inputs: some Sequence<Input>) { self.init(CallInputs(inputs)) }

  mutating func fill(
    _ writer: inout ChunkWriter<Input>, count: Int, isBlock: Bool, until slice: TimeSlice
  ) -> Bool {
    guard !isExhausted else { return false }
    let (left, stop) =
      if isBlock {
        CallInputs.take(
          count, atOnce: max(1, Self.gatheredBytes / MemoryLayout<Input>.stride), from: pull, until: slice
        ) {
          writer.append(block: UnsafeBufferPointer($0))
          return true
        }
      } else {
        CallInputs.take(count, atOnce: 1, from: pull, until: slice) {
          writer.append($0[0])
          // Limited by bytes as well, so that large inputs are produced on demand.
          return !writer.isFull
        }
      }
    isExhausted = stop == .exhausted
    if let known = remaining { remaining = isExhausted ? 0 : max(0, known - (count - left)) }
    return stop == .early
  }

  /// Takes the first input, if there is one, to determine whether there are any.
  mutating func hasAny() -> Bool {
    guard !isExhausted else { return false }
    let (left, stop) = CallInputs.take(1, atOnce: 1, from: pull, until: .endless) { _ in true }
    isExhausted = stop == .exhausted
    return left == 0
  }
}

/// Inputs from an array. Inputs of fixed size are copied as memory.
struct ArraySource<Input: Codable & Sendable>: InputSource {
  private let inputs: [Input]
  private var next = 0

  init(_ inputs: [Input]) {
    self.inputs = inputs
  }

  var remaining: Int? { inputs.count - next }
  var isExhausted: Bool { next == inputs.count }

  mutating func fill(
    _ writer: inout ChunkWriter<Input>, count: Int, isBlock: Bool, until slice: TimeSlice
  ) -> Bool {
    let end = next + min(inputs.count - next, count)
    if isBlock {
      inputs.withUnsafeBufferPointer { writer.append(block: UnsafeBufferPointer(rebasing: $0[next..<end])) }
      next = end
    } else {
      let first = next
      // Checked per element, because the encoder may be the caller's own code.
      while next < end, next == first || !writer.isFull && !slice.isOver {
        writer.append(inputs[next])
        next += 1
      }
    }
    return next < end
  }
}

/// The same input once per worker, each pinned to its worker.
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

  /// Adds all inputs, whatever `count` is, unless it takes long: a worker takes its item when it
  /// becomes available.
  mutating func fill(
    _ writer: inout ChunkWriter<Input>, count: Int, isBlock: Bool, until slice: TimeSlice
  ) -> Bool {
    let first = next
    while next < workers, next == first || !slice.isOver {
      writer.append(input, to: WorkerID(index: next))
      next += 1
    }
    return next < workers
  }
}

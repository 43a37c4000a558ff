import ProcPoolProtocol
import Synchronization

// A reduction is a task of its own, around the user's: its items are *parts* of the inputs, and the inputs of
// a part are the item's *steps*. The status page says which step is running, so that an error, a time limit
// or a crash belongs to one input and not to the whole part.

/// Says which of a part's inputs is running.
public struct _Steps {
  /// On the status page; in a program that runs a task outside a worker, nowhere that anyone reads.
  @usableFromInline let word: UnsafeMutablePointer<Atomic<UInt64>>
  @usableFromInline let first: UInt64

  @inlinable
  func note(_ index: Int) {
    // Relaxed because it says where the worker is and publishes nothing. One more, because 0 says that no
    // step is running.
    word.pointee.store(first &+ UInt64(truncatingIfNeeded: index) &+ 1, ordering: .relaxed)
  }

  /// Runs a part whose first input is the `first` of all inputs.
  static func run<Output>(
    from first: UInt64, _ body: (_Steps) async throws -> Output
  ) async throws -> Output {
    guard let page = TaskContext.session?.page else {
      let word = UnsafeMutablePointer<Atomic<UInt64>>.allocate(capacity: 1)
      word.initialize(to: Atomic(0))
      defer { word.deallocate() }
      return try await body(_Steps(word: word, first: first))
    }
    // Not when it throws: the report of the error looks at the step.
    let output = try await body(_Steps(word: page[PageLayout.step], first: first))
    page.noteNoStep()
    return output
  }
}

/// A part of inputs that are consecutive integers: of whatever length, it travels as three numbers.
package struct IntervalPart<Input: FixedWidthInteger & Codable & Sendable>: Codable, Sendable {
  /// The place of its first input among all inputs.
  let first: UInt64
  package let inputs: ClosedRange<Input>

  package init(first: UInt64, inputs: ClosedRange<Input>) {
    self.first = first
    self.inputs = inputs
  }
}

/// A task that stands around the user's.
protocol ReductionOfTask {
  static var reducedTask: any Any.Type { get }
}

/// Reduces parts of an interval.
package struct IntervalReduction<T: ReducingTask>: PoolTask, ReductionOfTask
where T.Input: FixedWidthInteger {
  static var reducedTask: any Any.Type { T.self }
  private var task: T

  package init(_ task: T) { self.task = task }

  package mutating func prepare() async throws { try await task.prepare() }

  package mutating func run(_ part: IntervalPart<T.Input>) async throws -> T.Output {
    let interval = _Interval(
      first: part.inputs.lowerBound, count: part.inputs.count, successor: { $0 &+ 1 })
    return try await _Steps.run(from: part.first) { try await task._reduce(interval, $0) }
  }
}

/// A part of any inputs.
package struct InputPart<Input: Codable & Sendable>: Codable, Sendable {
  /// The place of its first input among all inputs.
  let first: UInt64
  let inputs: [Input]

  package init(first: UInt64, inputs: [Input]) {
    self.first = first
    self.inputs = inputs
  }
}

/// Reduces parts of inputs that travel.
package struct InputReduction<T: ReducingTask>: PoolTask, ReductionOfTask {
  static var reducedTask: any Any.Type { T.self }
  private var task: T

  package init(_ task: T) { self.task = task }

  package mutating func prepare() async throws { try await task.prepare() }

  package mutating func run(_ part: InputPart<T.Input>) async throws -> T.Output {
    try await _Steps.run(from: part.first) { try await task._reduce(part.inputs, $0) }
  }
}

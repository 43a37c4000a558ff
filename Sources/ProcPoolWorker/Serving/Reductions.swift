import ProcPoolProtocol
import Synchronization

// A reduction is a task that wraps the user's task: its items are *parts* of the inputs, and the
// inputs of a part are the *steps* of the item. The status page has the running step, so that an
// error, a time limit or a crash is attributed to one input rather than to the whole part.

/// Records which input of a part is running.
public struct _Steps {
  /// A word of the status page, or an unused word in a program that runs a task outside a worker.
  @usableFromInline let word: UnsafeMutablePointer<Atomic<UInt64>>
  @usableFromInline let first: UInt64

  @inlinable
  func note(_ index: Int) {
    // Relaxed because the store publishes no other memory. Plus 1 because 0 means that no step is
    // running.
    word.pointee.store(first &+ UInt64(truncatingIfNeeded: index) &+ 1, ordering: .relaxed)
  }

  /// Runs a part whose first input has the index `first` among all inputs.
  static func run<Output>(
    from first: UInt64, _ body: (_Steps) async throws -> Output
  ) async throws -> Output {
    guard let page = TaskContext.session?.page else {
      let word = UnsafeMutablePointer<Atomic<UInt64>>.allocate(capacity: 1)
      word.initialize(to: Atomic(0))
      defer { word.deallocate() }
      return try await body(_Steps(word: word, first: first))
    }
    // Not reset if the body throws: the error report reads the step.
    let output = try await body(_Steps(word: page[PageLayout.step], first: first))
    page.noteNoStep()
    return output
  }
}

/// A part of inputs that are consecutive integers, encoded as three numbers whatever its length.
package struct IntervalPart<Input: FixedWidthInteger & Codable & Sendable>: Codable, Sendable {
  /// The place of its first input among all inputs.
  let first: UInt64
  package let inputs: ClosedRange<Input>

  package init(first: UInt64, inputs: ClosedRange<Input>) {
    self.first = first
    self.inputs = inputs
  }
}

/// A task that wraps the user's task.
protocol ReductionOfTask {
  static var reducedTask: any Any.Type { get }
}

/// Reduces parts of an interval.
package struct IntervalReduction<T: ReducingTask>: PoolTask, ReductionOfTask
where T.Input: FixedWidthInteger {
  static var reducedTask: any Any.Type { T.self }
  private var task: T

  package init(_ task: T) { self.task = task }

  package static var isKept: Bool { T.isKept }

  package mutating func prepare() async throws { try await task.prepare() }

  package mutating func run(_ part: IntervalPart<T.Input>) async throws -> T.Output {
    let interval = _Interval(
      first: part.inputs.lowerBound, count: part.inputs.count, successor: { $0 &+ 1 })
    return try await _Steps.run(from: part.first) { try await task._reduce(interval, $0) }
  }
}

/// A part of arbitrary inputs.
package struct InputPart<Input: Codable & Sendable>: Codable, Sendable {
  /// The place of its first input among all inputs.
  let first: UInt64
  let inputs: [Input]

  package init(first: UInt64, inputs: [Input]) {
    self.first = first
    self.inputs = inputs
  }
}

/// Reduces parts whose inputs are sent.
package struct InputReduction<T: ReducingTask>: PoolTask, ReductionOfTask {
  static var reducedTask: any Any.Type { T.self }
  private var task: T

  package init(_ task: T) { self.task = task }

  package static var isKept: Bool { T.isKept }

  package mutating func prepare() async throws { try await task.prepare() }

  package mutating func run(_ part: InputPart<T.Input>) async throws -> T.Output {
    try await _Steps.run(from: part.first) { try await task._reduce(part.inputs, $0) }
  }
}

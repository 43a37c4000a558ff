/// A task whose outputs are combined into one, in the workers, so that few of them travel.
///
///     struct Term: ReducingTask {
///       func run(_ k: Int) -> Double { 1 / Double(k * k) }
///       func combine(_ term: Double, into sum: inout Double) { sum += term }
///     }
///
///     let sum = try await pool.mapReduce(Term(), over: 1...100_000_000, startingWith: 0)   // π²/6 − 10⁻⁸
///
/// It is a ``PoolTask`` like any other, too: `map` gives its outputs one by one.
public protocol ReducingTask: PoolTask where Output: Codable {
  /// Adds an output to that of the inputs right before its own.
  ///
  /// It must be associative, as far as the result matters, and need not be commutative. The sum of
  /// floating-point numbers depends on where the brackets are: `mapReduce` says where.
  ///
  /// Called in workers, and in the coordinator for what workers send, where `prepare` has not run: it must
  /// not use ``WorkerLocal`` properties.
  func combine(_ next: Output, into total: inout Output)

  /// The loops over a part. Not to be implemented: the defaults are specialised for the task in the task's
  /// own module.
  mutating func _reduce(_ inputs: [Input], _ steps: _Steps) async throws -> Output
  mutating func _reduce(_ interval: _Interval<Input>, _ steps: _Steps) async throws -> Output
}

extension ReducingTask {
  @inlinable
  public mutating func _reduce(_ inputs: [Input], _ steps: _Steps) async throws -> Output {
    steps.note(0)
    var total = try await run(inputs[0])
    for index in 1..<inputs.count {
      steps.note(index)
      combine(try await run(inputs[index]), into: &total)
    }
    return total
  }

  /// For an input type that only the worker knows to be an integer.
  public mutating func _reduce(_ interval: _Interval<Input>, _ steps: _Steps) async throws -> Output {
    steps.note(0)
    var input = interval.first
    var total = try await run(input)
    for index in 1..<interval.count {
      input = interval.successor(input)
      steps.note(index)
      combine(try await run(input), into: &total)
    }
    return total
  }
}

extension ReducingTask where Input: FixedWidthInteger {
  @inlinable
  public mutating func _reduce(_ interval: _Interval<Input>, _ steps: _Steps) async throws -> Output {
    steps.note(0)
    var input = interval.first
    var total = try await run(input)
    var index = 1
    while index < interval.count {
      input &+= 1
      steps.note(index)
      combine(try await run(input), into: &total)
      index &+= 1
    }
    return total
  }
}

/// Consecutive integers, at least one.
public struct _Interval<Input> {
  @usableFromInline let first: Input
  @usableFromInline let count: Int
  let successor: (Input) -> Input
}

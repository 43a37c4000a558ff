/// A task whose outputs the workers combine, so that they send one output per part rather than one
/// per item.
///
///     struct Term: ReducingTask {
///       func run(_ k: Int) -> Double { 1 / Double(k * k) }
///       func combine(_ term: Double, into sum: inout Double) { sum += term }
///     }
///
///     let sum = try await pool.mapReduce(Term(), over: 1...100_000_000, startingWith: 0)   // π²/6 − 10⁻⁸
///
/// A reducing task is also an ordinary ``PoolTask``: `map` returns its outputs one by one.
public protocol ReducingTask: PoolTask where Output: Codable {
  /// Combines an output into the total of the inputs immediately before its own.
  ///
  /// The operation must be associative to the precision that the result needs; it need not be
  /// commutative. A sum of floating-point numbers depends on how it is parenthesised, which
  /// `mapReduce` documents.
  ///
  /// Workers call it for the inputs of a part. The coordinator calls it for the totals of parts,
  /// where `prepare` has not run, so it must not use ``WorkerLocal`` properties.
  func combine(_ next: Output, into total: inout Output)

  /// Reduces a part whose inputs are given one by one. Do not implement it: the default is
  /// specialised for the task in the task's own module.
  mutating func _reduce(_ inputs: [Input], _ steps: _Steps) async throws -> Output

  /// Reduces a part whose inputs are consecutive integers. Do not implement it, as for the other
  /// overload.
  mutating func _reduce(_ interval: _Interval<Input>, _ steps: _Steps) async throws -> Output
}

extension ReducingTask {
  /// Runs the task on the inputs in order, and combines each output into the total.
  ///
  /// - Throws: the error of the first input whose `run` throws.
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

  /// Runs the task on the integers in order, and combines each output into the total, for an input
  /// type that is not known to be an integer at compile time.
  ///
  /// - Throws: the error of the first input whose `run` throws.
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
  /// Runs the task on the integers in order, and combines each output into the total.
  ///
  /// - Throws: the error of the first input whose `run` throws.
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

/// A part whose inputs are consecutive integers, at least one.
public struct _Interval<Input> {
  @usableFromInline let first: Input
  @usableFromInline let count: Int
  let successor: (Input) -> Input
}

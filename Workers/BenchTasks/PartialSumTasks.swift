import ProcPoolWorker

/// The series whose partial sums the benchmark computes.
public enum Series: Codable, Sendable {
  /// ``SlowSeries``.
  case slow

  /// ``TrigonometricSeries``.
  case trigonometric

  /// Sums the terms of a range of positive k.
  public func sum(over range: Range<Int>) -> Double {
    switch self {
    case .slow: SlowSeries.sum(over: range)
    case .trigonometric: TrigonometricSeries.sum(over: range)
    }
  }

  /// The most rounded operations that a term goes through on its way into a sum of `count` terms.
  public func longestChain(of count: Int) -> Int {
    switch self {
    case .slow: SlowSeries.longestChain(of: count)
    case .trigonometric: TrigonometricSeries.longestChain(of: count)
    }
  }
}

/// The sum of a series over an interval: a few bytes there, a few bytes back.
public struct IntervalSum: PoolTask {
  var series: Series

  /// Creates the task for a series.
  public init(of series: Series) { self.series = series }

  /// Returns the sum of the terms of an interval.
  public func run(_ interval: Range<Int>) -> Double { series.sum(over: interval) }
}

/// One term of the slow series: the work of a nanosecond, to show what an item costs that does hardly
/// anything.
public struct SlowTerm: ReducingTask {
  /// Nothing of it travels: each worker makes its own.
  private enum CodingKeys: CodingKey {}

  /// 0 for numbers below a thousand with a 9, else 1: a factor, because processors cannot foresee a branch.
  private let weights: [Double] = (0..<1000).map { SlowSeries.hasNine($0) ? 0 : 1 }
  /// The thousand numbers that were looked at last, and whether the digits that they have in common hold a 9:
  /// the terms of an interval come in order, so that it is asked once for a thousand.
  private var thousand = 0
  private var allHaveNine = false

  /// Creates the task.
  public init() {}

  /// Returns the term of a positive k: 0 if it has a 9.
  public mutating func run(_ k: Int) -> Double {
    if UInt(bitPattern: k &- thousand) >= 1000 {
      thousand = k - k % 1000
      allHaveNine = SlowSeries.hasNine(k / 1000)
    }
    return allHaveNine ? 0 : weights[k &- thousand] / Double(k)
  }

  /// Adds a term to the sum of those before it.
  public func combine(_ term: Double, into sum: inout Double) { sum += term }
}

/// The sum of the slow series over an interval by a loop over ``SlowTerm``: what a reduction of terms costs
/// if it is written by hand.
public struct SlowTermsByHand: PoolTask {
  private var term = SlowTerm()

  /// Creates the task.
  public init() {}

  /// Returns the sum of the terms of an interval.
  public mutating func run(_ interval: Range<Int>) -> Double {
    var sum = 0.0
    for k in interval { sum += term.run(k) }
    return sum
  }
}

/// One term of the trigonometric series.
public struct TrigonometricTerm: PoolTask {
  /// Creates the task.
  public init() {}

  /// Returns the term of a positive k.
  public func run(_ k: Int) -> Double { TrigonometricSeries.term(k) }
}

/// The sum of a slice of an array, by message: every number travels.
public struct SliceSum<Number: MatrixScalar>: PoolTask {
  /// Creates the task.
  public init() {}

  /// Returns the sum of the slice.
  public func run(_ slice: [Number]) -> Double { ArraySum.sum(slice) }
}

/// One number of an array that is summed: the number itself, there and back.
public struct ArrayTerm: PoolTask {
  /// Creates the task.
  public init() {}

  /// Returns the number.
  public func run(_ number: Double) -> Double { number }
}

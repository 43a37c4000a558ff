import ProcPoolWorker

/// The series whose partial sums the benchmark computes.
public enum Series: Codable, Sendable {
  /// ``SlowSeries``.
  case slow

  /// ``TrigonometricSeries``.
  case trigonometric

  /// Returns the sum of the terms of a range of positive k.
  public func sum(over range: Range<Int>) -> Double {
    switch self {
    case .slow: SlowSeries.sum(over: range)
    case .trigonometric: TrigonometricSeries.sum(over: range)
    }
  }

  /// Returns the maximum number of rounded operations between a term and a sum of `count` terms.
  public func longestChain(of count: Int) -> Int {
    switch self {
    case .slow: SlowSeries.longestChain(of: count)
    case .trigonometric: TrigonometricSeries.longestChain(of: count)
    }
  }
}

/// The sum of a series over an interval. A few bytes are sent in each direction.
public struct IntervalSum: PoolTask {
  var series: Series

  /// Creates the task for a series.
  public init(of series: Series) { self.series = series }

  /// Returns the sum of the terms of an interval.
  public func run(_ interval: Range<Int>) -> Double { series.sum(over: interval) }
}

/// One term of the slow series, about a nanosecond of work, to show the cost of an item with almost
/// no work.
public struct SlowTerm: ReducingTask {
  /// Nothing is encoded; each worker creates its own properties.
  private enum CodingKeys: CodingKey {}

  /// 0 for numbers below a thousand with a 9, otherwise 1. Multiplying avoids branches that
  /// processors cannot predict.
  private let weights: [Double] = (0..<1000).map { SlowSeries.hasNine($0) ? 0 : 1 }
  /// The last thousand, and whether the digits that its numbers share have a 9. Terms of an
  /// interval come in order, so this is computed once per thousand.
  private var thousand = 0
  private var allHaveNine = false

  /// Creates the task.
  public init() {}

  /// Returns the term of a positive k, which is 0 if k has a 9.
  public mutating func run(_ k: Int) -> Double {
    if UInt(bitPattern: k &- thousand) >= 1000 {
      thousand = k - k % 1000
      allHaveNine = SlowSeries.hasNine(k / 1000)
    }
    return allHaveNine ? 0 : weights[k &- thousand] / Double(k)
  }

  /// Adds a term to the sum of the terms before it.
  public func combine(_ term: Double, into sum: inout Double) { sum += term }
}

/// The sum of the slow series over an interval, in a loop over ``SlowTerm``: the cost of a
/// reduction that is written by hand.
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

/// The sum of a slice of an array, by message. Every number is sent.
public struct SliceSum<Number: MatrixScalar>: PoolTask {
  /// Creates the task.
  public init() {}

  /// Returns the sum of the slice.
  public func run(_ slice: [Number]) -> Double { ArraySum.sum(slice) }
}

/// One number of an array, which is sent in both directions.
public struct ArrayTerm: PoolTask {
  /// Creates the task.
  public init() {}

  /// Returns the number.
  public func run(_ number: Double) -> Double { number }
}

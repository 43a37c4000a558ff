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

/// One term of a series: the work of a few nanoseconds, to show what an item costs that does hardly anything.
public struct SeriesTerm: PoolTask {
  var series: Series

  /// Creates the task for a series.
  public init(of series: Series) { self.series = series }

  /// Returns the k-th term.
  public func run(_ k: Int) -> Double { series.sum(over: k..<k + 1) }
}

/// The sum of a slice of an array, by message: every number travels.
public struct SliceSum: PoolTask {
  /// Creates the task.
  public init() {}

  /// Returns the sum of the slice.
  public func run(_ slice: [Double]) -> Double { ArraySum.sum(slice) }
}

/// One number of an array that is summed: the number itself, there and back.
public struct ArrayTerm: PoolTask {
  /// Creates the task.
  public init() {}

  /// Returns the number.
  public func run(_ number: Double) -> Double { number }
}

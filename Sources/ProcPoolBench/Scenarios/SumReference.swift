import BenchTasks

/// The reference for a sum, and the tolerance of results, for any grouping of the summands.
struct SumReference {
  let value: Double
  let tolerance: Double

  func accepts(_ result: Double) -> Bool {
    // NaN fails the comparison, and is therefore rejected.
    abs(result - value) <= tolerance
  }

  /// Creates the reference for the sum of an array that is computed in a number of parts.
  init<Number: MatrixScalar>(of numbers: ArraySlice<Number>, parts: Int) {
    value = Reference.sum(numbers.indices) { Double(numbers[$0]) }
    var magnitude = 0.0
    for number in numbers { magnitude += Double(abs(number)) }
    let chain = ArraySum.longestChain(of: numbers.count) + parts
    tolerance = Tolerance.sum(roundings: (chain, Reference.sumRoundings), magnitude: magnitude)
  }

  /// Creates the reference for the sum of a series that is computed in a number of parts.
  ///
  /// Σ|xₖ| is at most Σ 1/k ≤ 1 + ln n for both series.
  init(of series: Series, terms: Range<Int>, parts: Int) {
    value =
      switch series {
      case .slow: Reference.sum(terms) { Reference.hasNine($0) ? 0 : 1 / Double($0) }
      case .trigonometric: Reference.sum(terms) { Reference.cosine(of: $0) / Double($0) }
      }
    let chain = series.longestChain(of: terms.count) + parts
    tolerance = Tolerance.sum(
      roundings: (chain, Reference.sumRoundings), magnitude: 1 + Reference.logarithm(of: terms.upperBound))
  }
}

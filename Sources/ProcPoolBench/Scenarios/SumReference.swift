import BenchTasks

/// What a sum has to be, and how close a result has to come, however the summands are grouped.
struct SumReference {
  let value: Double
  let tolerance: Double

  func accepts(_ result: Double) -> Bool {
    // A result that is not a number fails the comparison, and so is refused.
    abs(result - value) <= tolerance
  }

  /// The sum of some numbers, when it is computed in a number of parts.
  init<Number: MatrixScalar>(of numbers: ArraySlice<Number>, parts: Int) {
    value = Reference.sum(numbers.indices) { Double(numbers[$0]) }
    var magnitude = 0.0
    for number in numbers { magnitude += Double(abs(number)) }
    let chain = ArraySum.longestChain(of: numbers.count) + parts
    tolerance = Tolerance.sum(roundings: (chain, Reference.sumRoundings), magnitude: magnitude)
  }

  /// The sum of the terms of a series, when it is computed in a number of parts.
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

import BenchTasks

/// Error bounds of floating-point sums.
///
/// Source: Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd ed., SIAM 2002, §3.1 and
/// §4.2. If no summand passes through more than h rounded operations, the error of a sum is at most
/// γ(h) · Σ|xᵢ|, with γ(h) = h·u / (1 − h·u) and u the unit roundoff. The bound holds for every
/// order of additions, so a correct result is never rejected.
enum Tolerance {
  /// The definition of γ, for notes below the tables.
  static let source = "γ(h) = h·u / (1 − h·u), Higham 2002, §3.1; h is stated beside each kernel"

  /// Returns γ(h) for a number type.
  static func gamma<Scalar: BinaryFloatingPoint>(_ roundings: Int, _: Scalar.Type) -> Double {
    let product = Double(roundings) * Double(Scalar.ulpOfOne) / 2
    return product / (1 - product)
  }

  /// Returns the maximum difference between two sums of the same numbers.
  ///
  /// - Parameters:
  ///   - roundings: The maximum number of rounded operations of a summand, for each of the two
  ///     sums.
  ///   - magnitude: Σ|xᵢ|, or an upper bound.
  static func sum(roundings: (Int, Int), magnitude: Double) -> Double {
    (gamma(roundings.0, Double.self) + gamma(roundings.1, Double.self)) * magnitude
  }
}

import BenchTasks

/// How far a sum in floating point may lie from the exact one.
///
/// Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd ed., SIAM 2002, §3.1 and §4.2: if no summand
/// goes through more than h rounded operations, the error of a sum is at most γ(h) · Σ|xᵢ|, with γ(h) = h·u /
/// (1 − h·u) and u the unit roundoff. The bound holds for every order of the additions, so it needs no
/// allowance for luck: a correct result is never refused.
enum Tolerance {
  /// What γ is, for the notes under the tables.
  static let source = "γ(h) = h·u / (1 − h·u), Higham 2002, §3.1; h is stated beside each kernel"

  /// γ(h) for a type of number.
  static func gamma<Scalar: BinaryFloatingPoint>(_ roundings: Int, _: Scalar.Type) -> Double {
    let product = Double(roundings) * Double(Scalar.ulpOfOne) / 2
    return product / (1 - product)
  }

  /// The greatest difference between two sums of the same numbers.
  ///
  /// - Parameters:
  ///   - roundings: The most rounded operations of a summand, in each of the two sums.
  ///   - magnitude: Σ|xᵢ|, or more.
  static func sum(roundings: (Int, Int), magnitude: Double) -> Double {
    (gamma(roundings.0, Double.self) + gamma(roundings.1, Double.self)) * magnitude
  }
}

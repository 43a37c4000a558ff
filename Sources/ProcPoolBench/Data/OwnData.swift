import BenchTasks
import ProcPoolSystem

/// Two matrices of the user.
public struct OwnMatrices: Sendable {
  enum Factors: Sendable {
    case f32(MatmulFactors<Float>)
    case f64(MatmulFactors<Double>)
  }

  let factors: Factors
  let names: [String]
  /// A note about the shapes and the element orders of the files.
  let note: String

  /// Creates the factors of the product A·B.
  ///
  /// - Throws: `Unusable` if an array is not a matrix, the types differ, the shapes do not match,
  ///   there are no elements, or the product could not be verified.
  public init(_ a: NumPyFile, _ b: NumPyFile) throws(NumPyFile.Unusable) {
    for matrix in [a, b] where matrix.shape.count != 2 {
      throw NumPyFile.Unusable(
        description: "\(matrix.shownName) has the shape \(NumPyFile.text(matrix.shape)); "
          + "accepted: a matrix, which has two dimensions")
    }
    let shape = MatmulShape(m: a.shape[0], l: a.shape[1], n: b.shape[1])
    guard b.shape[0] == shape.l else {
      throw NumPyFile.Unusable(
        description: "\(a.shownName) of shape \(NumPyFile.text(a.shape)) times \(b.shownName) of shape "
          + "\(NumPyFile.text(b.shape)) is not a product; accepted: a second matrix with \(shape.l) rows")
    }
    guard shape.m > 0, shape.l > 0, shape.n > 0 else {
      throw NumPyFile.Unusable(
        description:
          "\(a.shownName) times \(b.shownName) has nothing to compute; accepted: at least one row and column of each"
      )
    }
    switch (a.numbers, b.numbers) {
    case (.f32(let x), .f32(let y)): factors = .f32(try Self.factors(shape, a, x, b, y))
    case (.f64(let x), .f64(let y)): factors = .f64(try Self.factors(shape, a, x, b, y))
    default:
      throw NumPyFile.Unusable(
        description: "\(a.shownName) and \(b.shownName) have elements of different types; "
          + "accepted: both float32 or both float64 (np.save(file, array.astype(np.float64)))")
    }
    names = [a.name, b.name]
    // The result in the workers' memory, a copy of it, and the reference in f64.
    let (count, overflow) = shape.m.multipliedReportingOverflow(by: shape.n)
    let needed = Double(count) * 24
    if overflow || needed > Double(MemoryAllowance.available() ?? .max) {
      throw NumPyFile.Unusable(
        description:
          "\(a.shownName) times \(b.shownName) has \(shape.m) × \(shape.n) elements, for which there is not enough "
          + "memory; accepted: a product that fits into memory three times")
    }
    func described(_ name: String, _ matrix: NumPyFile) -> String {
      "\(name) is \(matrix.shownName), \(matrix.shape[0]) × \(matrix.shape[1]) in \(matrix.isColumnMajor ? "F" : "C") order"
    }
    note =
      "\(described("A", a)); \(described("B", b)). All strategies get A in C order and B in F order; matrices in the other order are "
      + "converted before the clock starts."
  }

  private static func factors<Scalar: MatrixScalar>(
    _ shape: MatmulShape, _ a: NumPyFile, _ x: [Scalar], _ b: NumPyFile, _ y: [Scalar]
  ) throws(NumPyFile.Unusable) -> MatmulFactors<Scalar> {
    let factors = MatmulFactors(
      shape: shape, a: a.isColumnMajor ? Self.transposed(x, rows: shape.l, columns: shape.m) : x,
      b: b.isColumnMajor ? y : Self.transposed(y, rows: shape.l, columns: shape.n))
    try requireFinite(a.shownName, x)
    try requireFinite(b.shownName, y)
    let largest = (factors.rowNorms.max() ?? 0) * (factors.columnNorms.max() ?? 0)
    guard largest <= Double(Scalar.greatestFiniteMagnitude) else {
      throw NumPyFile.Unusable(
        description: "\(a.shownName) times \(b.shownName) may have elements too large for \(Scalar.label); "
          + "accepted: numbers whose product can be checked")
    }
    return factors
  }

  /// Returns a row-major matrix in column-major order, or the reverse.
  static func transposed<Scalar: MatrixScalar>(_ matrix: [Scalar], rows: Int, columns: Int) -> [Scalar] {
    // 32 rows and columns of the tile stay in the first-level cache.
    let tile = 32
    return [Scalar](unsafeUninitializedCapacity: matrix.count) { result, count in
      matrix.withUnsafeBufferPointer { matrix in
        for top in stride(from: 0, to: rows, by: tile) {
          for left in stride(from: 0, to: columns, by: tile) {
            for column in left..<min(left + tile, columns) {
              for row in top..<min(top + tile, rows) {
                result.initializeElement(at: column * rows + row, to: matrix[row * columns + column])
              }
            }
          }
        }
      }
      count = matrix.count
    }
  }
}

/// An array of the user.
public struct OwnArray: Sendable {
  let numbers: NumPyFile.Numbers
  let name: String
  /// A note about the array.
  let note: String

  /// Creates an array of any shape.
  ///
  /// - Throws: `Unusable` if it has no elements, or if its sum could not be verified.
  public init(_ array: NumPyFile) throws(NumPyFile.Unusable) {
    let magnitude: Double
    switch array.numbers {
    case .f32(let numbers):
      try requireFinite(array.shownName, numbers)
      magnitude = numbers.reduce(0) { $0 + Double(abs($1)) }
    case .f64(let numbers):
      try requireFinite(array.shownName, numbers)
      magnitude = numbers.reduce(0) { $0 + abs($1) }
    }
    guard array.shape.allSatisfy({ $0 > 0 }), magnitude.isFinite else {
      throw NumPyFile.Unusable(
        description:
          "\(array.shownName) has \(magnitude.isFinite ? "no numbers" : "numbers too large to be summed"); "
          + "accepted: at least one, and a sum that is finite")
    }
    numbers = array.numbers
    name = array.name
    note = "own: the array is \(array.shownName), of shape \(NumPyFile.text(array.shape)); sums are of f64."
  }
}

/// Rejects elements that are not finite, because their results could not be verified: NaN equals
/// nothing.
private func requireFinite<Scalar: MatrixScalar>(
  _ name: String, _ numbers: [Scalar]
) throws(NumPyFile.Unusable) {
  guard let index = numbers.firstIndex(where: { !$0.isFinite }) else { return }
  throw NumPyFile.Unusable(
    description: "\(name) has the element \(numbers[index]) at index \(index) of the file; "
      + "accepted: finite numbers, whose results can be checked")
}

import BenchTasks

/// The shape of a product: an m × l matrix times an l × n one.
struct MatmulShape: Equatable, Sendable {
  var m: Int
  var l: Int
  var n: Int
}

/// Two matrices: A in row-major order, B in column-major order.
struct MatmulFactors<Scalar: MatrixScalar>: Sendable {
  let shape: MatmulShape
  let a: [Scalar]
  let b: [Scalar]

  /// The Euclidean norms of the rows of A and the columns of B.
  let rowNorms: [Double]
  let columnNorms: [Double]

  init(shape: MatmulShape, a: [Scalar], b: [Scalar]) {
    self.shape = shape
    self.a = a
    self.b = b
    rowNorms = Self.norms(a, length: shape.l)
    columnNorms = Self.norms(b, length: shape.l)
  }

  func row(_ i: Int) -> [Scalar] { Array(a[i * shape.l..<(i + 1) * shape.l]) }
  func column(_ j: Int) -> [Scalar] { Array(b[j * shape.l..<(j + 1) * shape.l]) }

  private static func norms(_ numbers: [Scalar], length: Int) -> [Double] {
    guard length > 0 else { return [] }
    return stride(from: 0, to: numbers.count, by: length).map { start in
      var largest = 0.0
      for k in start..<start + length { largest = max(largest, abs(Double(numbers[k]))) }
      guard largest > 0 else { return 0 }
      // Scaled by the largest number, because squares may underflow or overflow.
      var squares = 0.0
      for k in start..<start + length {
        let part = Double(numbers[k]) / largest
        squares += part * part
      }
      return largest * squares.squareRoot()
    }
  }
}

/// Two matrices and the reference for their product.
struct MatmulSample<Scalar: MatrixScalar> {
  let factors: MatmulFactors<Scalar>

  /// The product in double precision.
  private let reference: [Double]

  /// The tolerance of an element: relative to the product of its row's and column's norms, plus an
  /// absolute error. Computed once, because arithmetic on subnormal numbers is some hundred times
  /// as slow.
  private let relativeTolerance: Double
  private let absoluteTolerance: Double

  var shape: MatmulShape { factors.shape }
  var a: [Scalar] { factors.a }
  var b: [Scalar] { factors.b }

  /// Creates two matrices with numbers in −1 ..< 1 that depend only on the seed and the sample
  /// number.
  init(_ shape: MatmulShape, seed: UInt64, sample: Int) {
    var numbers = RandomNumbers(seed: seed, sample: sample)
    self.init(
      MatmulFactors(
        shape: shape, a: numbers.array(count: shape.m * shape.l, of: Scalar.self),
        b: numbers.array(count: shape.l * shape.n, of: Scalar.self)))
  }

  init(_ factors: MatmulFactors<Scalar>) {
    self.factors = factors
    let shape = factors.shape
    reference = Reference.product(factors.a, factors.b, m: shape.m, l: shape.l, n: shape.n)
    relativeTolerance =
      Tolerance.gamma(Scalar.roundings(ofLength: shape.l), Scalar.self)
      + Tolerance.gamma(Reference.roundings(ofLength: shape.l), Double.self)
    absoluteTolerance = Double(shape.l) * Double(Scalar.leastNonzeroMagnitude)
  }

  func row(_ i: Int) -> [Scalar] { factors.row(i) }
  func column(_ j: Int) -> [Scalar] { factors.column(j) }

  /// Returns whether values are the elements of the product at some positions, in row-major order.
  func accepts(_ values: [Scalar], at positions: some Collection<Int>) -> Bool {
    guard values.count == positions.count else { return false }
    return zip(values, positions).allSatisfy { value, position in
      // NaN fails every comparison, and is therefore rejected.
      abs(Double(value) - reference[position]) <= tolerance(at: position)
    }
  }

  /// Returns the tolerance of an element: (γ(h) + γ₆₄(h′)) · ‖a‖₂ · ‖b‖₂, plus the least positive
  /// number for each product that may have underflowed.
  ///
  /// ``Tolerance`` has the source of γ. h and h′ are stated beside the two kernels. Σ|aₖbₖ| ≤ ‖a‖₂
  /// · ‖b‖₂ is the Cauchy–Schwarz inequality.
  func tolerance(at position: Int) -> Double {
    factors.rowNorms[position / shape.n] * factors.columnNorms[position % shape.n] * relativeTolerance
      + absoluteTolerance
  }
}

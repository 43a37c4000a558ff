import Dispatch
import Glibc

/// Reference computations. They are deliberately simple and slow, and share no code with the
/// computations that they verify.
enum Reference {
  /// Returns the product of an m × l matrix by rows and an l × n matrix by columns, in double
  /// precision.
  ///
  /// Products of single-precision numbers are exact in double precision. No summand passes through
  /// more than ``roundings(ofLength:)`` rounded operations. All processors compute, because the big
  /// product takes longer than most of what is measured.
  static func product<Scalar: BinaryFloatingPoint & Sendable>(
    _ a: [Scalar], _ b: [Scalar], m: Int, l: Int, n: Int
  ) -> [Double] {
    var c = [Double](repeating: 0, count: m * n)
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        c.withUnsafeMutableBufferPointer { c in
          // Safety: the factors are only read, and each part writes other columns.
          nonisolated(unsafe) let (a, b, c) = (a, b, c)
          let parts = Parts.of(0..<n, count: Self.parts)
          DispatchQueue.concurrentPerform(iterations: parts.count) { part in
            addProduct(a, b, columns: parts[part], to: c, MatmulShape(m: m, l: l, n: n))
          }
        }
      }
    }
    return c
  }

  private static func addProduct<Scalar: BinaryFloatingPoint>(
    _ a: UnsafeBufferPointer<Scalar>, _ b: UnsafeBufferPointer<Scalar>, columns: Range<Int>,
    to c: UnsafeMutableBufferPointer<Double>, _ shape: MatmulShape
  ) {
    let (m, l, n) = (shape.m, shape.l, shape.n)
    for start in stride(from: 0, to: l, by: block) {
      let end = min(l, start + block)
      for j in columns {
        for i in 0..<m {
          var sum0 = 0.0
          var sum1 = 0.0
          var sum2 = 0.0
          var sum3 = 0.0
          var k = start
          while k + 4 <= end {
            sum0 += Double(a[i * l + k]) * Double(b[j * l + k])
            sum1 += Double(a[i * l + k + 1]) * Double(b[j * l + k + 1])
            sum2 += Double(a[i * l + k + 2]) * Double(b[j * l + k + 2])
            sum3 += Double(a[i * l + k + 3]) * Double(b[j * l + k + 3])
            k += 4
          }
          while k < end {
            sum0 += Double(a[i * l + k]) * Double(b[j * l + k])
            k += 1
          }
          c[i * n + j] += (sum0 + sum1) + (sum2 + sum3)
        }
      }
    }
  }

  /// The number of parts that the processors compute at the same time: enough for those of a large
  /// machine.
  private static let parts = 64

  /// A block of 4 096 f32 of one column, and the corresponding blocks of the rows, stay in the
  /// cache.
  private static let block = 4_096

  /// Returns the maximum number of rounded operations between a product of two numbers and a sum of
  /// `l` products.
  static func roundings(ofLength l: Int) -> Int { block / 4 + 3 + 2 + (l + block - 1) / block + 1 }

  /// Returns an almost exact sum, within ``sumRoundings`` units of roundoff of Σ|xᵢ|.
  ///
  /// Neumaier's summation accumulates the error of each addition, and adds it at the end
  /// (*Zeitschrift für Angewandte Mathematik und Mechanik* 54, 1974).
  static func sum(_ count: Range<Int>, term: (Int) -> Double) -> Double {
    var sum = 0.0
    var lost = 0.0
    for k in count {
      let x = term(k)
      let next = sum + x
      lost += abs(sum) >= abs(x) ? (sum - next) + x : (x - next) + sum
      sum = next
    }
    return sum + lost
  }

  /// One rounding of the sum, two of a term (its numerator and its quotient), and one for
  /// second-order terms.
  static let sumRoundings = 4

  /// Returns whether a number has a digit 9, by examining each digit.
  static func hasNine(_ k: Int) -> Bool {
    var rest = k
    while rest > 0 {
      if rest % 10 == 9 { return true }
      rest /= 10
    }
    return false
  }

  /// Returns the cosine of an integer, by the C library.
  static func cosine(of k: Int) -> Double { cos(Double(k)) }

  /// Returns the natural logarithm of an integer, by the C library.
  static func logarithm(of k: Int) -> Double { log(Double(k)) }
}

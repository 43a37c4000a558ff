import BenchKernels
import ProcPoolWire

/// A number type of the benchmark: `Float` or `Double`.
///
/// Matrices are arrays. `a` has rows one after the other (C order), and `b` columns (F order), so
/// that the summed index is contiguous in both. Products are in C order.
public protocol MatrixScalar: BinaryFloatingPoint, BitwiseCopyable, Codable, SIMDScalar, Sendable, WireBlock {
  /// The name of the type in tables: `f32` or `f64`.
  static var label: String { get }

  /// The kernel of products: `a` has `m * l` elements, `b` has `l * n`, and `c` receives `m * n`.
  static func multiplyKernel(
    _ m: Int, _ l: Int, _ n: Int, _ a: UnsafePointer<Self>?, _ b: UnsafePointer<Self>?,
    _ c: UnsafeMutablePointer<Self>)

  /// The kernel of dot products of `l` elements.
  static func dotKernel(_ l: Int, _ a: UnsafePointer<Self>?, _ b: UnsafePointer<Self>?) -> Self

  /// The kernel of sums.
  static func sum(_ numbers: Span<Self>) -> Double
}

extension MatrixScalar {
  /// Computes the product of an m × l and an l × n matrix.
  ///
  /// No product of two numbers passes through more than ``roundings(ofLength:)`` rounded
  /// operations.
  ///
  /// - Precondition: `a` has `m * l` numbers, `b` has `l * n`, and `c` has `m * n`.
  /// - Complexity: O(`m * l * n`).
  public static func multiply(
    _ a: Span<Self>, _ b: Span<Self>, into c: inout MutableSpan<Self>, m: Int, l: Int, n: Int
  ) {
    precondition(
      a.count == m * l && b.count == l * n && c.count == m * n,
      "The matrices do not have m·l, l·n and m·n elements.")
    guard m * n > 0 else { return }
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        // An empty array has no address. The kernel then reads none.
        c.withUnsafeMutableBufferPointer {
          multiplyKernel(m, l, n, a.baseAddress, b.baseAddress, $0.baseAddress!)
        }
      }
    }
  }

  /// Computes the dot product of a row and a column.
  ///
  /// - Precondition: both have the same count.
  /// - Complexity: O(`row.count`).
  public static func dot(_ row: Span<Self>, _ column: Span<Self>) -> Self {
    precondition(row.count == column.count, "A row and a column of different lengths have no dot product.")
    return row.withUnsafeBufferPointer { row in
      column.withUnsafeBufferPointer { dotKernel(row.count, row.baseAddress, $0.baseAddress) }
    }
  }

  /// Returns the maximum number of rounded operations between a product of two numbers and a sum of
  /// `l` products.
  ///
  /// Stated beside the kernels: 256 additions in a block, one per block, 16 to fold vectors, and
  /// the product.
  public static func roundings(ofLength l: Int) -> Int { 256 + (l + 255) / 256 + 16 + 1 }

  /// Returns the product of two matrices.
  ///
  /// - Precondition: `a` has `m * l` numbers and `b` has `l * n`.
  public static func multiply(_ a: [Self], _ b: [Self], m: Int, l: Int, n: Int) -> [Self] {
    [Self](unsafeUninitializedCapacity: m * n) { c, count in
      var span = MutableSpan(_unsafeElements: c)
      multiply(a.span, b.span, into: &span, m: m, l: l, n: n)
      count = m * n
    }
  }

  /// Returns the dot product of a row and a column.
  ///
  /// - Precondition: both have the same count.
  public static func dot(_ row: [Self], _ column: [Self]) -> Self { dot(row.span, column.span) }

  /// Returns one row of a product: `row` times every column of `b`.
  ///
  /// - Precondition: `row` is not empty, and `b.count` is a multiple of `row.count`.
  /// - Complexity: O(`b.count`).
  public static func multiply(row: [Self], _ b: [Self]) -> [Self] {
    multiply(row, b, m: 1, l: row.count, n: b.count / row.count)
  }
}

extension Float: MatrixScalar {
  /// `f32`.
  public static var label: String { "f32" }

  /// Defined in `kernels.c`.
  public static func multiplyKernel(
    _ m: Int, _ l: Int, _ n: Int, _ a: UnsafePointer<Float>?, _ b: UnsafePointer<Float>?,
    _ c: UnsafeMutablePointer<Float>
  ) { bench_matmul_f32(m, l, n, a, b, c) }

  /// Defined in `kernels.c`.
  public static func dotKernel(_ l: Int, _ a: UnsafePointer<Float>?, _ b: UnsafePointer<Float>?) -> Float {
    bench_dot_f32(l, a, b)
  }

  /// Defined in `ArraySum`.
  public static func sum(_ numbers: Span<Float>) -> Double { ArraySum.blocks(of: numbers) }
}

extension Double: MatrixScalar {
  /// `f64`.
  public static var label: String { "f64" }

  /// Defined in `kernels.c`.
  public static func multiplyKernel(
    _ m: Int, _ l: Int, _ n: Int, _ a: UnsafePointer<Double>?, _ b: UnsafePointer<Double>?,
    _ c: UnsafeMutablePointer<Double>
  ) { bench_matmul_f64(m, l, n, a, b, c) }

  /// Defined in `kernels.c`.
  public static func dotKernel(_ l: Int, _ a: UnsafePointer<Double>?, _ b: UnsafePointer<Double>?) -> Double {
    bench_dot_f64(l, a, b)
  }

  /// Defined in `ArraySum`.
  public static func sum(_ numbers: Span<Double>) -> Double { ArraySum.blocks(of: numbers) }
}

/// The vectors of the kernels.
package enum KernelVectors {
  /// The vector size in bytes: 16, 32 or 64, by default the largest that the processor supports.
  /// Tests set smaller ones to run every kernel on one processor.
  package static var bytes: Int {
    get { Int(bench_vector_bytes()) }
    set { bench_limit_vectors(Int32(newValue)) }
  }
}

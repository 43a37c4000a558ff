import CProcPoolShims
import ProcPoolWire

/// A number that the matrix benchmarks multiply: `Float` or `Double`.
///
/// Matrices are plain arrays. `a` holds rows one after the other (C order), `b` columns one after the other
/// (F order), so the summed index is contiguous in both, and a product has its rows one after the other.
public protocol MatrixScalar: BinaryFloatingPoint, Codable, Sendable, WireBlock {
  /// The name of the type in tables: `f32` or `f64`.
  static var label: String { get }

  /// Computes the product of an m × l and an l × n matrix.
  ///
  /// No product of two numbers enters its sum through more than ``roundings(ofLength:)`` rounded operations.
  ///
  /// - Precondition: `a` has `m * l` numbers and `b` has `l * n`.
  /// - Complexity: O(`m * l * n`).
  static func multiply(_ a: [Self], _ b: [Self], m: Int, l: Int, n: Int) -> [Self]

  /// Computes the dot product of a row and a column.
  ///
  /// - Precondition: both have the same count.
  /// - Complexity: O(`row.count`).
  static func dot(_ row: [Self], _ column: [Self]) -> Self
}

extension MatrixScalar {
  /// The most rounded operations that a product of two numbers goes through on its way into a sum of `l` of
  /// them.
  ///
  /// Stated beside the kernels: 256 additions in a block, one for each block, 16 to fold vectors, and the
  /// product.
  public static func roundings(ofLength l: Int) -> Int { 256 + (l + 255) / 256 + 16 + 1 }

  /// Computes one row of a product: `row` times every column of `b`.
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

  /// Computes the product of an m × l and an l × n matrix in single precision.
  public static func multiply(_ a: [Float], _ b: [Float], m: Int, l: Int, n: Int) -> [Float] {
    precondition(a.count == m * l && b.count == l * n, "The matrices do not have the sizes m·l and l·n.")
    return [Float](unsafeUninitializedCapacity: m * n) { c, count in
      if m * n > 0 { procpool_matmul_f32(m, l, n, a, b, c.baseAddress!) }
      count = m * n
    }
  }

  /// Computes the dot product of a row and a column in single precision.
  public static func dot(_ row: [Float], _ column: [Float]) -> Float {
    precondition(row.count == column.count, "A row and a column of different lengths have no product.")
    return procpool_dot_f32(row.count, row, column)
  }
}

extension Double: MatrixScalar {
  /// `f64`.
  public static var label: String { "f64" }

  /// Computes the product of an m × l and an l × n matrix in double precision.
  public static func multiply(_ a: [Double], _ b: [Double], m: Int, l: Int, n: Int) -> [Double] {
    precondition(a.count == m * l && b.count == l * n, "The matrices do not have the sizes m·l and l·n.")
    return [Double](unsafeUninitializedCapacity: m * n) { c, count in
      if m * n > 0 { procpool_matmul_f64(m, l, n, a, b, c.baseAddress!) }
      count = m * n
    }
  }

  /// Computes the dot product of a row and a column in double precision.
  public static func dot(_ row: [Double], _ column: [Double]) -> Double {
    precondition(row.count == column.count, "A row and a column of different lengths have no product.")
    return procpool_dot_f64(row.count, row, column)
  }
}

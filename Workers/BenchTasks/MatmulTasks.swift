import ProcPoolWire
import ProcPoolWorker

/// One element of a product, by message. Every item contains a row of A and a column of B.
public struct ElementByMessage<Scalar: MatrixScalar>: PoolTask {
  /// A row of A and a column of B.
  public struct Input: Codable, Sendable {
    var row: [Scalar]
    var column: [Scalar]

    /// Creates the input from a row and a column of the same length.
    public init(row: [Scalar], column: [Scalar]) {
      self.row = row
      self.column = column
    }
  }

  /// Creates the task.
  public init() {}

  /// Returns the element.
  public func run(_ input: Input) -> Scalar { Scalar.dot(input.row, input.column) }
}

/// One row of a product, by message. Every item contains a row of A and *all of B*.
///
/// Deliberately wasteful: this is what people write first, and the benchmark measures its cost.
public struct RowByMessage<Scalar: MatrixScalar>: PoolTask {
  /// A row of A and all columns of B.
  public struct Input: Codable, Sendable {
    var row: [Scalar]
    var b: [Scalar]

    /// Creates the input from a row and a matrix in column-major order.
    public init(row: [Scalar], b: [Scalar]) {
      self.row = row
      self.b = b
    }
  }

  /// Creates the task.
  public init() {}

  /// Returns the row of the product.
  public func run(_ input: Input) -> [Scalar] { Scalar.multiply(row: input.row, input.b) }
}

/// One row of a product, with B as a property of the task. B is sent once to each worker, and a row
/// of A with each item.
public struct RowTimesMatrix<Scalar: MatrixScalar>: PoolTask {
  var b: [Scalar]

  /// Creates the task from a matrix in column-major order.
  public init(b: [Scalar]) { self.b = b }

  /// Returns the row of the product that belongs to a row of A.
  public func run(_ row: [Scalar]) -> [Scalar] { Scalar.multiply(row: row, b) }
}

// Coded by hand: in the small products an item is a few hundred bytes, and the general coding of
// two properties was two thirds of its cost.
//

extension ElementByMessage.Input: WireCodable {
  /// Writes the row and the column, each as one block.
  public func encode(into writer: inout WireWriter) throws {
    try row.encode(into: &writer)
    try column.encode(into: &writer)
  }

  /// Reads a row and a column.
  public static func decode(from reader: inout WireReader) throws -> Self {
    Self(row: try .decode(from: &reader), column: try .decode(from: &reader))
  }
}

extension RowByMessage.Input: WireCodable {
  /// Writes the row and the matrix, each as one block.
  public func encode(into writer: inout WireWriter) throws {
    try row.encode(into: &writer)
    try b.encode(into: &writer)
  }

  /// Reads a row and a matrix.
  public static func decode(from reader: inout WireReader) throws -> Self {
    Self(row: try .decode(from: &reader), b: try .decode(from: &reader))
  }
}

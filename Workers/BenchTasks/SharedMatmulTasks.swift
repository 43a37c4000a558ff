import ProcPoolWorker

/// The matrices of one product in shared memory: A in row-major order, B in column-major order.
public struct SharedFactors<Scalar: MatrixScalar>: Codable, Sendable {
  /// The left factor, in row-major order.
  public let a: SharedMatrix<Scalar>
  /// The right factor, in column-major order.
  public let b: SharedMatrix<Scalar>

  /// Copies the two matrices into shared memory.
  public init(a: [Scalar], b: [Scalar], m: Int, l: Int, n: Int) throws(SharedMemoryError) {
    self.a = try SharedMatrix(a, rows: m, columns: l)
    self.b = try SharedMatrix(b, rows: l, columns: n, order: .columnMajor)
  }

  /// Computes a rectangle of the product, in row-major order.
  func multiply(rows: Range<Int>, columns: Range<Int>, into c: inout MutableSpan<Scalar>) {
    a.withSpan(ofLines: rows) { a in
      b.withSpan(ofLines: columns) { b in
        Scalar.multiply(a, b, into: &c, m: rows.count, l: self.a.columns, n: columns.count)
      }
    }
  }
}

/// One element of a product, in place. An item is the position in C, in row-major order.
public struct ElementInPlace<Scalar: MatrixScalar>: PoolTask {
  var factors: SharedFactors<Scalar>
  var c: SharedMatrix<Scalar>

  /// Creates the task.
  public init(_ factors: SharedFactors<Scalar>, c: SharedMatrix<Scalar>) {
    self.factors = factors
    self.c = c
  }

  /// Writes the element.
  public func run(_ position: Int) {
    let (row, column) = position.quotientAndRemainder(dividingBy: c.columns)
    c[row, column] = factors.a.withSpan(ofLines: row..<row + 1) { a in
      factors.b.withSpan(ofLines: column..<column + 1) { b in Scalar.dot(a, b) }
    }
  }
}

/// Some rows of a product, in place. An item is the range of rows.
public struct RowsInPlace<Scalar: MatrixScalar>: PoolTask {
  var factors: SharedFactors<Scalar>
  var c: SharedMatrix<Scalar>

  /// Creates the task.
  public init(_ factors: SharedFactors<Scalar>, c: SharedMatrix<Scalar>) {
    self.factors = factors
    self.c = c
  }

  /// Writes the rows.
  public func run(_ rows: Range<Int>) {
    c.withMutableSpan(ofLines: rows) {
      factors.multiply(rows: rows, columns: 0..<c.columns, into: &$0)
    }
  }
}

/// Some rows of a product, with C behind a lock: computed without the lock, written under it.
public struct RowsInPlaceLocked<Scalar: MatrixScalar>: PoolTask {
  var factors: SharedFactors<Scalar>
  var c: LockedArray<Scalar>

  /// Creates the task.
  public init(_ factors: SharedFactors<Scalar>, c: LockedArray<Scalar>) {
    self.factors = factors
    self.c = c
  }

  /// Writes the rows.
  public func run(_ rows: Range<Int>) throws {
    let columns = factors.b.columns
    var result = [Scalar](repeating: 0, count: rows.count * columns)
    var span = result.mutableSpan
    factors.multiply(rows: rows, columns: 0..<columns, into: &span)
    try c.withLock { c in
      let place = rows.lowerBound * columns..<rows.upperBound * columns
      c.withUnsafeMutableBufferPointer { _ = $0[place].update(fromContentsOf: result) }
    }
  }
}

/// A rectangle of a product, in place.
public struct BlockInPlace<Scalar: MatrixScalar>: PoolTask {
  var factors: SharedFactors<Scalar>
  var c: SharedMatrix<Scalar>

  /// The rows and columns of a rectangle.
  public struct Block: Codable, Sendable {
    var rows: Range<Int>
    var columns: Range<Int>
  }

  /// Creates the task.
  public init(_ factors: SharedFactors<Scalar>, c: SharedMatrix<Scalar>) {
    self.factors = factors
    self.c = c
  }

  /// Returns the blocks of all combinations of row ranges and column ranges.
  public static func blocks(rows: [Range<Int>], columns: [Range<Int>]) -> [Block] {
    rows.flatMap { rows in columns.map { Block(rows: rows, columns: $0) } }
  }

  /// Writes the block.
  public func run(_ block: Block) {
    var result = [Scalar](repeating: 0, count: block.rows.count * block.columns.count)
    var span = result.mutableSpan
    factors.multiply(rows: block.rows, columns: block.columns, into: &span)
    c.part(rows: block.rows, columns: block.columns).copy(rowMajor: result)
  }
}

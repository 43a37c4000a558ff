import ProcPoolSystem
import ProcPoolWire

/// The order of the elements of a matrix in memory.
public enum MatrixOrder: UInt8, Codable, Sendable {
  /// Row by row, as in C (`order="C"` in NumPy).
  case rowMajor = 0
  /// Column by column, as in Fortran (`order="F"` in NumPy).
  case columnMajor = 1
}

/// A matrix whose elements are in memory that several processes share.
///
///     let c = try SharedMatrix(repeating: 0.0, rows: 200, columns: 400)
///     try await pool.forEach(RowInPlace(a: a, b: b, c: c), over: 0..<c.rows)
///     print(c[17, 3])
///
/// As with ``SharedArray``, a matrix is encoded as a handle, a copy of the value refers to the same
/// elements, and there is no lock.
public struct SharedMatrix<Element: BitwiseCopyable>: Sendable {
  /// The elements, in ``order``.
  public let elements: SharedArray<Element>
  /// The number of rows.
  public let rows: Int
  /// The number of columns.
  public let columns: Int
  /// The order of the elements in memory.
  public let order: MatrixOrder

  private init(_ elements: SharedArray<Element>, rows: Int, columns: Int, order: MatrixOrder) {
    self.elements = elements
    self.rows = rows
    self.columns = columns
    self.order = order
  }

  private static func count(_ rows: Int, _ columns: Int) -> Int {
    require(rows >= 0 && columns >= 0, "a matrix of \(rows) rows and \(columns) columns")
    let (count, overflow) = rows.multipliedReportingOverflow(by: columns)
    return overflow ? .max : count
  }

  /// Creates a matrix of equal elements.
  ///
  /// - Throws: ``SharedMemoryError`` if there is not enough memory.
  /// - Complexity: O(*n*) in the number of elements.
  public init(
    repeating element: Element, rows: Int, columns: Int, order: MatrixOrder = .rowMajor
  ) throws(SharedMemoryError) {
    let elements = try SharedArray(repeating: element, count: Self.count(rows, columns))
    self.init(elements, rows: rows, columns: columns, order: order)
  }

  /// Creates a matrix with a copy of elements, which are already in the given order.
  ///
  /// - Precondition: the number of elements is `rows * columns`.
  /// - Throws: ``SharedMemoryError`` if there is not enough memory.
  /// - Complexity: O(*n*) in the number of elements.
  public init(
    _ elements: some Collection<Element>, rows: Int, columns: Int, order: MatrixOrder = .rowMajor
  ) throws(SharedMemoryError) {
    require(
      elements.count == Self.count(rows, columns),
      "\(elements.count) elements do not make a matrix of \(rows) × \(columns)")
    self.init(try SharedArray(elements), rows: rows, columns: columns, order: order)
  }

  /// Returns the index of an element in ``elements``.
  ///
  /// - Precondition: row and column are within the matrix.
  /// - Complexity: O(1).
  @inlinable
  public func offset(row: Int, column: Int) -> Int {
    require(
      row >= 0 && row < rows && column >= 0 && column < columns,
      "row \(row), column \(column) is not in a matrix of \(rows) × \(columns)")
    return order == .rowMajor ? row * columns + column : column * rows + row
  }

  /// Accesses the element at the given row and column, both counted from 0.
  ///
  /// - Precondition: row and column are within the matrix.
  /// - Complexity: O(1). In a loop a span of lines is faster, because its bounds are checked once.
  @inlinable
  public subscript(row: Int, column: Int) -> Element {
    get { elements[offset(row: row, column: column)] }
    nonmutating set { elements[offset(row: row, column: column)] = newValue }
  }

  // MARK: - Lines, which are contiguous in memory

  /// The number of lines: the rows of a row-major matrix, or the columns of a column-major one. The
  /// elements of a line are contiguous in memory.
  public var lines: Int { order == .rowMajor ? rows : columns }

  /// The number of elements of a line.
  public var lineLength: Int { order == .rowMajor ? columns : rows }

  /// The indices of consecutive lines in ``elements``.
  @inlinable
  func offsets(ofLines range: Range<Int>) -> Range<Int> {
    // Checked before the multiplication, which could overflow.
    require(
      range.lowerBound >= 0 && range.upperBound <= lines,
      "lines \(range) are not in a matrix of \(rows) × \(columns), which has \(lines) lines")
    return range.lowerBound * lineLength..<range.upperBound * lineLength
  }

  /// Calls a closure with a read-only span of the elements of consecutive lines.
  ///
  /// - Precondition: the range lies within `0..<lines`.
  /// - Throws: the error that the closure throws.
  /// - Complexity: O(1), without the closure.
  @inlinable
  public func withSpan<Result: ~Copyable, Failure: Error>(
    ofLines range: Range<Int>, _ body: (Span<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try elements.withSpan(offsets(ofLines: range), body)
  }

  /// Calls a closure with a mutable span of the elements of consecutive lines.
  ///
  /// - Precondition: the range lies within `0..<lines`.
  /// - Throws: the error that the closure throws. What it has written remains.
  /// - Complexity: O(1), without the closure.
  @inlinable
  public func withMutableSpan<Result: ~Copyable, Failure: Error>(
    ofLines range: Range<Int>, _ body: (inout MutableSpan<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try elements.withMutableSpan(offsets(ofLines: range), body)
  }

  // MARK: - Parts

  /// Returns a row as a part of the matrix, without copying elements.
  ///
  /// - Precondition: `row` is within the matrix.
  /// - Complexity: O(1).
  public func row(_ row: Int) -> SharedMatrixPart<Element> {
    require(row >= 0 && row < rows, "row \(row) is not in a matrix of \(rows) × \(columns)")
    return part(rows: row..<row + 1, columns: 0..<columns)
  }

  /// Returns a column as a part of the matrix, without copying elements.
  ///
  /// - Precondition: `column` is within the matrix.
  /// - Complexity: O(1).
  public func column(_ column: Int) -> SharedMatrixPart<Element> {
    require(column >= 0 && column < columns, "column \(column) is not in a matrix of \(rows) × \(columns)")
    return part(rows: 0..<rows, columns: column..<column + 1)
  }

  /// Returns a rectangle of the matrix, without copying elements.
  ///
  /// - Precondition: the ranges lie within the matrix.
  /// - Complexity: O(1).
  public func part(rows: Range<Int>, columns: Range<Int>) -> SharedMatrixPart<Element> {
    require(
      rows.lowerBound >= 0 && rows.upperBound <= self.rows && columns.lowerBound >= 0
        && columns.upperBound <= self.columns,
      "rows \(rows), columns \(columns) are not in a matrix of \(self.rows) × \(self.columns)")
    return SharedMatrixPart(matrix: self, rowRange: rows, columnRange: columns)
  }

  /// Returns a copy of all elements, row by row, whatever their order in memory.
  ///
  /// - Complexity: O(*n*) in the number of elements.
  @inlinable
  public func rowMajorElements() -> [Element] {
    part(rows: 0..<rows, columns: 0..<columns).rowMajorElements()
  }
}

/// A rectangle of a shared matrix, whose rows and columns are counted from 0.
public struct SharedMatrixPart<Element: BitwiseCopyable>: Sendable {
  /// The matrix that contains the part.
  public let matrix: SharedMatrix<Element>
  /// The rows of ``matrix`` that the part consists of.
  public let rowRange: Range<Int>
  /// The columns of ``matrix`` that the part consists of.
  public let columnRange: Range<Int>

  /// The number of rows.
  public var rows: Int { rowRange.count }
  /// The number of columns.
  public var columns: Int { columnRange.count }

  /// Accesses the element at the given row and column of the part, both counted from 0.
  ///
  /// - Precondition: row and column are within the part.
  /// - Complexity: O(1).
  @inlinable
  public subscript(row: Int, column: Int) -> Element {
    get {
      matrix[checked(row, rows) + rowRange.lowerBound, checked(column, columns) + columnRange.lowerBound]
    }
    nonmutating set {
      matrix[checked(row, rows) + rowRange.lowerBound, checked(column, columns) + columnRange.lowerBound] =
        newValue
    }
  }

  @inlinable
  func checked(_ index: Int, _ count: Int) -> Int {
    require(
      index >= 0 && index < count, "row or column \(index) is not in a part of \(rows) × \(columns)")
    return index
  }

  /// Returns a copy of the elements, row by row.
  ///
  /// - Complexity: O(*n*) in the number of elements.
  @inlinable
  public func rowMajorElements() -> [Element] {
    [Element](unsafeUninitializedCapacity: rows * columns) { copy, count in
      guard rows * columns > 0 else { return }
      matrix.elements.withSpan { span in
        span.withUnsafeBufferPointer { memory in
          forEachStretch { offset, length in
            copy.baseAddress!.advanced(by: count)
              .initialize(from: memory.baseAddress!.advanced(by: offset), count: length)
            count += length
          }
        }
      }
    }
  }

  /// Replaces the elements by those of an array, which are given row by row.
  ///
  /// - Precondition: the number of elements is `rows * columns`.
  /// - Complexity: O(*n*) in the number of elements.
  @inlinable
  public func copy(rowMajor source: [Element]) {
    require(
      source.count == rows * columns, "\(source.count) elements do not fill a part of \(rows) × \(columns)")
    guard !source.isEmpty else { return }
    matrix.elements.withMutableSpan { span in
      span.withUnsafeMutableBufferPointer { memory in
        source.withUnsafeBufferPointer { source in
          var next = 0
          forEachStretch { offset, length in
            memory.baseAddress!.advanced(by: offset)
              .update(from: source.baseAddress!.advanced(by: next), count: length)
            next += length
          }
        }
      }
    }
  }

  /// Calls a closure with each contiguous stretch of memory of the part, row by row. A stretch is a
  /// whole row if its elements are contiguous, because copying a row at once is faster, especially
  /// in unspecialised code.
  @inlinable
  func forEachStretch(_ body: (_ offset: Int, _ length: Int) -> Void) {
    switch matrix.order {
    case .rowMajor:
      for row in rowRange { body(row * matrix.columns + columnRange.lowerBound, columns) }
    case .columnMajor:
      for row in rowRange {
        for column in columnRange { body(column * matrix.rows + row, 1) }
      }
    }
  }
}

extension SharedMatrix: Codable, WireCodable {
  /// Encodes a handle of the matrix, rather than its elements.
  ///
  /// - Throws: ``SharedMemoryError/outsidePool`` outside a pool.
  /// - Complexity: O(1).
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(MatrixForm(self))
  }

  /// Decodes a handle, and maps the memory that it names unless this process has mapped it already.
  ///
  /// - Throws: ``SharedMemoryError`` if the memory is gone, access is denied, or the memory does
  ///   not match the handle.
  public init(from decoder: any Decoder) throws {
    try self.init(decoder.singleValueContainer().decode(MatrixForm<Element>.self))
  }

  /// Writes a handle of the matrix, rather than its elements.
  ///
  /// - Throws: ``SharedMemoryError/outsidePool`` outside a pool.
  /// - Complexity: O(1).
  public func encode(into writer: inout WireWriter) throws {
    try MatrixForm(self).encode(into: &writer)
  }

  /// Reads a handle, and maps the memory that it names unless this process has mapped it already.
  ///
  /// - Throws: ``SharedMemoryError`` if the memory is gone, access is denied, or the memory does
  ///   not match the handle.
  public static func decode(from reader: inout WireReader) throws -> SharedMatrix {
    try SharedMatrix(.decode(from: &reader))
  }

  private init(_ form: MatrixForm<Element>) throws(SharedMemoryError) {
    let (count, overflow) = form.rows.multipliedReportingOverflow(by: form.columns)
    guard form.rows >= 0, form.columns >= 0, !overflow, count == form.elements.count else {
      throw .mismatched("\(form.elements.count) elements are no matrix of \(form.rows) × \(form.columns)")
    }
    self.init(form.elements, rows: form.rows, columns: form.columns, order: form.order)
  }
}

/// The encoded form of a matrix, for all encoders, before it has been validated.
private struct MatrixForm<Element: BitwiseCopyable>: Codable, WireCodable {
  let elements: SharedArray<Element>
  let rows: Int
  let columns: Int
  let order: MatrixOrder

  init(_ matrix: SharedMatrix<Element>) {
    (elements, rows, columns, order) = (matrix.elements, matrix.rows, matrix.columns, matrix.order)
  }

  func encode(into writer: inout WireWriter) throws {
    try elements.encode(into: &writer)
    writer.writeFixed(rows)
    writer.writeFixed(columns)
    writer.writeByte(order.rawValue)
  }

  static func decode(from reader: inout WireReader) throws -> MatrixForm {
    try MatrixForm(from: &reader)
  }

  private init(from reader: inout WireReader) throws {
    elements = try .decode(from: &reader)
    rows = try reader.readFixed(Int.self)
    columns = try reader.readFixed(Int.self)
    let number = try reader.readByte()
    guard let order = MatrixOrder(rawValue: number) else {
      throw SharedMemoryError.mismatched("\(number) is no order of a matrix's elements")
    }
    self.order = order
  }
}

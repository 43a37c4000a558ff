import ProcPoolSystem
import ProcPoolWire

/// In which order the elements of a matrix lie in memory.
public enum MatrixOrder: UInt8, Codable, Sendable {
  /// Row by row, as C and NumPy have it (`order="C"`).
  case rowMajor = 0
  /// Column by column, as Fortran has it (`order="F"`).
  case columnMajor = 1
}

/// A matrix whose elements lie in memory that several processes share.
///
///     let c = try SharedMatrix(repeating: 0.0, rows: 200, columns: 400)
///     try await pool.forEach(RowInPlace(a: a, b: b, c: c), over: 0..<c.rows)
///     print(c[17, 3])
///
/// What is said of ``SharedArray`` holds for it too: it travels as a handle, a copy of the value is the same
/// matrix, and there is no lock.
public struct SharedMatrix<Element: BitwiseCopyable>: Sendable {
  /// The elements, in ``order``.
  public let elements: SharedArray<Element>
  public let rows: Int
  public let columns: Int
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

  /// A matrix of equal elements.
  ///
  /// - Throws: ``SharedMemoryError`` if there is not as much memory.
  public init(
    repeating element: Element, rows: Int, columns: Int, order: MatrixOrder = .rowMajor
  ) throws(SharedMemoryError) {
    let elements = try SharedArray(repeating: element, count: Self.count(rows, columns))
    self.init(elements, rows: rows, columns: columns, order: order)
  }

  /// A copy of elements that lie in `order` already.
  ///
  /// - Precondition: there are as many as rows times columns.
  /// - Throws: ``SharedMemoryError`` if there is not as much memory.
  public init(
    _ elements: some Collection<Element>, rows: Int, columns: Int, order: MatrixOrder = .rowMajor
  ) throws(SharedMemoryError) {
    require(
      elements.count == Self.count(rows, columns),
      "\(elements.count) elements do not make a matrix of \(rows) × \(columns)")
    self.init(try SharedArray(elements), rows: rows, columns: columns, order: order)
  }

  /// Where an element lies in ``elements``.
  ///
  /// - Precondition: row and column are of the matrix.
  @inlinable
  public func offset(row: Int, column: Int) -> Int {
    require(
      row >= 0 && row < rows && column >= 0 && column < columns,
      "row \(row), column \(column) is not in a matrix of \(rows) × \(columns)")
    return order == .rowMajor ? row * columns + column : column * rows + row
  }

  /// One element.
  ///
  /// - Precondition: row and column are of the matrix.
  @inlinable
  public subscript(row: Int, column: Int) -> Element {
    get { elements[offset(row: row, column: column)] }
    nonmutating set { elements[offset(row: row, column: column)] = newValue }
  }

  // MARK: - Lines: what lies in one piece

  /// The rows of a row-major matrix, the columns of a column-major one: each lies in one piece.
  public var lines: Int { order == .rowMajor ? rows : columns }

  /// Elements of a line.
  public var lineLength: Int { order == .rowMajor ? columns : rows }

  /// Where consecutive lines lie in ``elements``.
  @inlinable
  func offsets(ofLines range: Range<Int>) -> Range<Int> {
    // Before anything is multiplied: what is no line may overflow.
    require(
      range.lowerBound >= 0 && range.upperBound <= lines,
      "lines \(range) are not in a matrix of \(rows) × \(columns), which has \(lines) lines")
    return range.lowerBound * lineLength..<range.upperBound * lineLength
  }

  /// Gives consecutive lines to a closure, to read, as one span: line by line.
  ///
  /// - Precondition: the range lies within `0..<lines`.
  @inlinable
  public func withSpan<Result: ~Copyable, Failure: Error>(
    ofLines range: Range<Int>, _ body: (Span<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try elements.withSpan(offsets(ofLines: range), body)
  }

  /// Gives consecutive lines to a closure, to read and write, as one span: line by line.
  ///
  /// - Precondition: the range lies within `0..<lines`.
  @inlinable
  public func withMutableSpan<Result: ~Copyable, Failure: Error>(
    ofLines range: Range<Int>, _ body: (inout MutableSpan<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try elements.withMutableSpan(offsets(ofLines: range), body)
  }

  // MARK: - Parts

  /// A row.
  ///
  /// - Precondition: the matrix has it.
  public func row(_ row: Int) -> SharedMatrixPart<Element> {
    require(row >= 0 && row < rows, "row \(row) is not in a matrix of \(rows) × \(columns)")
    return part(rows: row..<row + 1, columns: 0..<columns)
  }

  /// A column.
  ///
  /// - Precondition: the matrix has it.
  public func column(_ column: Int) -> SharedMatrixPart<Element> {
    require(column >= 0 && column < columns, "column \(column) is not in a matrix of \(rows) × \(columns)")
    return part(rows: 0..<rows, columns: column..<column + 1)
  }

  /// A rectangle of the matrix: no copy, the same elements.
  ///
  /// - Precondition: the ranges lie within the matrix.
  public func part(rows: Range<Int>, columns: Range<Int>) -> SharedMatrixPart<Element> {
    require(
      rows.lowerBound >= 0 && rows.upperBound <= self.rows && columns.lowerBound >= 0
        && columns.upperBound <= self.columns,
      "rows \(rows), columns \(columns) are not in a matrix of \(self.rows) × \(self.columns)")
    return SharedMatrixPart(matrix: self, rowRange: rows, columnRange: columns)
  }

  /// A copy of all elements, row by row, whatever the order in memory.
  ///
  /// - Complexity: O(n).
  @inlinable
  public func rowMajorElements() -> [Element] {
    part(rows: 0..<rows, columns: 0..<columns).rowMajorElements()
  }
}

/// A rectangle of a shared matrix; its rows and columns count from 0.
public struct SharedMatrixPart<Element: BitwiseCopyable>: Sendable {
  /// What it is a part of.
  public let matrix: SharedMatrix<Element>
  /// Which rows and columns of ``matrix`` it has.
  public let rowRange: Range<Int>
  public let columnRange: Range<Int>

  public var rows: Int { rowRange.count }
  public var columns: Int { columnRange.count }

  /// One element.
  ///
  /// - Precondition: row and column are of the part.
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

  /// A copy of the elements, row by row.
  ///
  /// - Complexity: O(n).
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

  /// Writes elements that are given row by row.
  ///
  /// - Precondition: there are as many as rows times columns.
  /// - Complexity: O(n).
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

  /// Says, row by row, which stretches of the matrix's memory make up the part: whole rows where they lie in
  /// one piece, because memory is copied faster at once, the more so where the compiler does not know the
  /// type of the elements.
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
  /// Writes the matrix's handle, as a ``SharedArray`` does.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(MatrixForm(self))
  }

  /// Maps the matrix that a handle leads to, unless this process has it already.
  ///
  /// - Throws: ``SharedMemoryError`` if it is gone, refused, or not what the handle says.
  public init(from decoder: any Decoder) throws {
    try self.init(decoder.singleValueContainer().decode(MatrixForm<Element>.self))
  }

  /// As ``encode(to:)``, past the machinery of `Codable`.
  public func encode(into writer: inout WireWriter) throws {
    try MatrixForm(self).encode(into: &writer)
  }

  /// As ``init(from:)``, past the machinery of `Codable`.
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

/// What travels of a matrix, one form for all encoders, before it is known to be one.
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

import FaultyTasks
import ProcPool
import Testing

extension Processes.Sharing {
  /// `SharedMatrix`: rows and columns are where they belong, in either order.
  @Suite struct SharedMatrices {
    static let orders = [MatrixOrder.rowMajor, .columnMajor]

    /// A matrix whose elements say where they are: row times 100 plus column.
    private func numbered(_ rows: Int, _ columns: Int, _ order: MatrixOrder) throws -> SharedMatrix<Int32> {
      let matrix = try SharedMatrix<Int32>(repeating: -1, rows: rows, columns: columns, order: order)
      for row in 0..<rows {
        for column in 0..<columns { matrix[row, column] = Int32(row * 100 + column) }
      }
      return matrix
    }

    @Test(arguments: orders) func anElementIsWhereItsOrderSays(_ order: MatrixOrder) throws {
      let matrix = try numbered(3, 4, order)
      let inMemory = Array(matrix.elements)
      let byRow: [Int32] = [0, 1, 2, 3, 100, 101, 102, 103, 200, 201, 202, 203]
      let byColumn: [Int32] = [0, 100, 200, 1, 101, 201, 2, 102, 202, 3, 103, 203]
      #expect(inMemory == (order == .rowMajor ? byRow : byColumn))
      #expect(matrix.rowMajorElements() == byRow)
      #expect(matrix.lines == (order == .rowMajor ? 3 : 4) && matrix.lineLength == 12 / matrix.lines)
      let line = matrix.withSpan(ofLines: 1..<3) { span in span.indices.map { span[$0] } }
      #expect(line == Array(order == .rowMajor ? byRow[4...] : byColumn[3..<9]))
      let again = try SharedMatrix(inMemory, rows: 3, columns: 4, order: order)
      #expect(again[2, 1] == 201)
    }

    @Test(arguments: orders) func partsAreTheSameElements(_ order: MatrixOrder) throws {
      let matrix = try numbered(5, 6, order)
      let part = matrix.part(rows: 1..<4, columns: 2..<4)
      #expect(part.rowMajorElements() == [102, 103, 202, 203, 302, 303])
      #expect(part[2, 0] == 302)
      #expect(matrix.row(4).rowMajorElements() == [400, 401, 402, 403, 404, 405])
      #expect(matrix.column(5).rowMajorElements() == [5, 105, 205, 305, 405])

      part[0, 1] = -103
      part.copy(rowMajor: part.rowMajorElements().map { $0 < 0 ? $0 : $0 + 1000 })
      var expected = (0..<5).flatMap { row in (0..<6).map { Int32(row * 100 + $0) } }
      for (index, value) in [(8, 1102), (9, -103), (14, 1202), (15, 1203), (20, 1302), (21, 1303)] {
        expected[index] = Int32(value)
      }
      #expect(matrix.rowMajorElements() == expected)
    }

    @Test(arguments: orders) func partsAndMatricesWithoutElementsAreFine(_ order: MatrixOrder) throws {
      let matrix = try numbered(5, 6, order)
      for (rows, columns) in [(0..<0, 0..<6), (2..<5, 6..<6), (5..<5, 6..<6)] {
        let part = matrix.part(rows: rows, columns: columns)
        #expect(part.rowMajorElements() == [])
        part.copy(rowMajor: [])
      }
      for (rows, columns) in [(0, 0), (0, 7), (7, 0)] {
        let empty = try numbered(rows, columns, order)
        #expect(empty.rows == rows && empty.columns == columns && empty.rowMajorElements() == [])
      }
    }

    @Test(arguments: orders) func randomPartsComeOutAsTheyWentIn(_ order: MatrixOrder) throws {
      let seed = Seed()
      var numbers = seed.numbers
      for _ in 0..<50 {
        let (rows, columns) = (
          Int.random(in: 1...20, using: &numbers), Int.random(in: 1...20, using: &numbers)
        )
        let matrix = try numbered(rows, columns, order)
        let top = Int.random(in: 0...rows, using: &numbers)
        let left = Int.random(in: 0...columns, using: &numbers)
        let part = matrix.part(
          rows: top..<Int.random(in: top...rows, using: &numbers),
          columns: left..<Int.random(in: left...columns, using: &numbers))
        let fresh = (0..<part.rows * part.columns).map { Int32(-1 - $0) }
        part.copy(rowMajor: fresh)
        #expect(part.rowMajorElements() == fresh, "\(seed)")
        for row in 0..<rows {
          for column in 0..<columns {
            let isInside = part.rowRange.contains(row) && part.columnRange.contains(column)
            #expect((matrix[row, column] < 0) == isInside, "\(seed)")
          }
        }
      }
    }

    @Test func whatIsNotInTheMatrixTrapsWithASentence() async throws {
      let result = try #require(
        await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
          let matrix = try SharedMatrix(repeating: 0.0, rows: 3, columns: 4)
          print(matrix[0, 4])
        })
      let text = String(decoding: result.standardErrorContent, as: UTF8.self)
      #expect(text.contains("row 0, column 4 is not in a matrix of 3 × 4"), "\(text)")
    }

    @Test(arguments: orders) func aMatrixTravelsWithItsShape(_ order: MatrixOrder) async throws {
      try await withPool(workers: 2, worker: .faulty) { (pool) async throws in
        let matrix = try numbered(40, 30, order)
        let expected = matrix.rowMajorElements().map { -$0 }
        try await pool.forEach(NegateColumn(matrix), over: 0..<30)
        #expect(matrix.rowMajorElements() == expected)
      }
    }
  }
}

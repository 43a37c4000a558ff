// C = A · B, with four ways to pass the operands to the workers. `procpool bench --scenario matmul` measures them.

import ProcPool

/// Sends a row and a column with each item.
struct Element: PoolTask {
  func run(_ pair: Arguments<[Double], [Double]>) -> Double {
    let (row, column) = pair.values
    return zip(row, column).reduce(0) { $0 + $1.0 * $1.1 }
  }
}

/// Sends a row and all of B with each item: easy to write, and slow.
struct RowWithMatrix: PoolTask {
  func run(_ pair: Arguments<[Double], [[Double]]>) -> [Double] {
    let (row, columns) = pair.values
    return columns.map { column in zip(row, column).reduce(0) { $0 + $1.0 * $1.1 } }
  }
}

/// Sends B once per worker, as a property of the task, and a row with each item.
struct Row: PoolTask {
  var columns: [[Double]]

  func run(_ row: [Double]) -> [Double] {
    columns.map { column in zip(row, column).reduce(0) { $0 + $1.0 * $1.1 } }
  }
}

/// Sends only the number of a row: the three matrices are in shared memory.
struct RowInPlace: PoolTask {
  var a, b, c: SharedMatrix<Double>

  func run(_ row: Int) {
    for column in 0..<b.columns {
      c[row, column] = (0..<b.rows).reduce(0) { $0 + a[row, $1] * b[$1, column] }
    }
  }
}

@main
struct MatmulFourWays: PoolProgram {
  static func run() async throws {
    let (m, l, n) = (30, 40, 20)
    let rows = (0..<m).map { row in (0..<l).map { Double((row + 2 * $0) % 7) } }
    let columns = (0..<n).map { column in (0..<l).map { Double((3 * column + $0) % 5) } }

    try await withPool(workers: 2) { pool in
      let pairs = rows.flatMap { row in columns.map { Arguments(row, $0) } }
      let byElement = try await pool.map(Element(), over: pairs)
      let byRow = try await pool.map(RowWithMatrix(), over: rows.map { Arguments($0, columns) })
      let sentOnce = try await pool.map(Row(columns: columns), over: rows)

      let a = try SharedMatrix(rows.flatMap(\.self), rows: m, columns: l)
      let b = try SharedMatrix(columns.flatMap(\.self), rows: l, columns: n, order: .columnMajor)
      let c = try SharedMatrix(repeating: 0.0, rows: m, columns: n)
      try await pool.forEach(RowInPlace(a: a, b: b, c: c), over: 0..<m)

      print("the first row starts with \(byElement[0]), \(byElement[1]), \(byElement[2])")
      print("elements and rows agree: \(byElement == byRow.flatMap(\.self))")
      print("rows, and rows with B sent once, agree: \(byRow == sentOnce)")
      print("messages and shared memory agree: \(byElement == c.rowMajorElements())")
    }
  }
}

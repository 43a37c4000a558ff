import ProcPoolSystem

/// A table of text whose columns are aligned by spaces.
struct TextTable: Equatable, Sendable {
  enum Alignment: Sendable {
    case left
    case right
  }

  struct Column: Equatable, Sendable {
    var title: String
    var alignment: Alignment
    /// The order in which columns are left out if the table is too wide: the highest first, 0
    /// never.
    var rank = 0
  }

  var columns: [Column]
  private(set) var rows: [[String]] = []
  /// Tints by row and column.
  private var tints: [Int: [Int: TextStyle.Tint]] = [:]

  init(columns: [Column]) { self.columns = columns }

  /// Adds a row.
  ///
  /// - Precondition: the row has a cell for each column.
  mutating func add(_ row: [String], tints: [Int: TextStyle.Tint] = [:]) {
    precondition(row.count == columns.count, "A row needs a cell for each of the \(columns.count) columns.")
    if !tints.isEmpty { self.tints[rows.count] = tints }
    rows.append(row)
  }

  /// Returns the table as lines: titles, a rule, and the rows, without trailing spaces.
  ///
  /// Widths are counted in terminal columns, so that `µ` and `界` do not misalign the columns.
  func lines(_ style: TextStyle = .plain) -> [String] {
    let widths = columns.indices.map { index in
      rows.reduce(columns[index].title.displayWidth) { max($0, $1[index].displayWidth) }
    }
    let shown = shownColumns(widths, within: style.width)
    func line(_ cells: [String], _ tints: [Int: TextStyle.Tint] = [:]) -> String {
      var text = ""
      // Pending spaces, written before the next text.
      var space = 0
      for index in shown {
        let room = widths[index] - cells[index].displayWidth
        if columns[index].alignment == .right { space += room }
        if !cells[index].isEmpty {
          text += String(repeating: " ", count: space) + style.tinted(cells[index], tints[index])
          space = 0
        }
        if columns[index].alignment == .left { space += room }
        space += Self.gap
      }
      return text
    }
    let rule = shown.map { String(repeating: "─", count: widths[$0]) }
      .joined(separator: String(repeating: " ", count: Self.gap))
    let titles = Dictionary(uniqueKeysWithValues: shown.map { ($0, TextStyle.Tint.title) })
    return [line(columns.map(\.title), titles), rule] + rows.indices.map { line(rows[$0], tints[$0] ?? [:]) }
  }

  /// The number of spaces between two columns.
  private static let gap = 2

  private func shownColumns(_ widths: [Int], within width: Int?) -> [Int] {
    var shown = Array(columns.indices)
    guard let width else { return shown }
    while shown.reduce(-Self.gap, { $0 + widths[$1] + Self.gap }) > width,
      let last = shown.filter({ columns[$0].rank > 0 }).max(by: { columns[$0].rank < columns[$1].rank })
    {
      shown.removeAll { $0 == last }
    }
    return shown
  }
}

/// A table of text whose columns are aligned by spaces.
struct TextTable: Equatable, Sendable {
  enum Alignment: Sendable {
    case left
    case right
  }

  struct Column: Equatable, Sendable {
    var title: String
    var alignment: Alignment
  }

  var columns: [Column]
  private(set) var rows: [[String]] = []

  init(columns: [Column]) { self.columns = columns }

  /// Adds a row.
  ///
  /// - Precondition: it has a cell for each column.
  mutating func add(_ row: [String]) {
    precondition(row.count == columns.count, "A row needs a cell for each of the \(columns.count) columns.")
    rows.append(row)
  }

  /// The table as lines: titles, a rule, and the rows, without spaces at the ends of lines.
  ///
  /// Widths are counted in characters, so `µ` and `×` do not move what follows them.
  func lines() -> [String] {
    let widths = columns.indices.map { index in
      rows.reduce(columns[index].title.count) { max($0, $1[index].count) }
    }
    func line(_ cells: [String]) -> String {
      let padded = columns.indices.map { index in
        let space = String(repeating: " ", count: widths[index] - cells[index].count)
        return columns[index].alignment == .left ? cells[index] + space : space + cells[index]
      }
      let text = padded.joined(separator: "  ")
      return String(text.reversed().drop { $0 == " " }.reversed())
    }
    let rule = widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")
    return [line(columns.map(\.title)), rule] + rows.map(line)
  }
}

/// The report as Markdown, for an issue, a README or a wiki.
extension BenchReport {
  /// The tables, figures, notes and the verdict, with a line break at the end.
  public var markdown: String {
    var parts = ["# procpool bench", "\(machine.summary); \(workers) workers; procpool \(procpoolVersion)"]
    let sentences = Verdict.sentences(for: scenarios)
    if !sentences.isEmpty { parts.append(Self.list(sentences)) }
    for scenario in scenarios {
      parts.append("## \(scenario.name.rawValue)")
      parts += scenario.tables.map(\.markdown)
      if !scenario.figures.isEmpty {
        parts.append(Self.list(scenario.figures.map { "**\($0.name)**: \($0.text)" }))
      }
      if !scenario.notes.isEmpty { parts.append(Self.list(scenario.notes)) }
    }
    return parts.joined(separator: "\n\n") + "\n"
  }

  private static func list(_ entries: [String]) -> String {
    entries.map { "- " + $0 }.joined(separator: "\n")
  }
}

extension TextTable {
  /// The table as Markdown, its columns aligned for those who read the source.
  var markdown: String {
    func escaped(_ cell: String) -> String {
      cell.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
    }
    let cells = [columns.map { escaped($0.title) }] + rows.map { $0.map(escaped) }
    let widths = columns.indices.map { column in cells.reduce(3) { max($0, $1[column].count) } }
    func line(_ row: [String]) -> String {
      let padded = columns.indices.map { index in
        let space = String(repeating: " ", count: widths[index] - row[index].count)
        return columns[index].alignment == .left ? row[index] + space : space + row[index]
      }
      return "| " + padded.joined(separator: " | ") + " |"
    }
    let rule = columns.indices.map { index in
      let dashes = String(repeating: "-", count: widths[index] - 1)
      return columns[index].alignment == .left ? "-" + dashes : dashes + ":"
    }
    return ([line(cells[0]), line(rule)] + cells.dropFirst().map(line)).joined(separator: "\n")
  }
}

import ProcPoolSystem

/// The report as Markdown.
extension BenchReport {
  /// The summary, the verdict, tables, figures and notes, with a line break at the end.
  public var markdown: String {
    var parts = [
      "# procpool bench",
      "\(Markdown.escaped(machine.summary)); \(workers) workers; procpool \(procpoolVersion)",
    ]
    parts += BenchSummary(of: self).markdown
    let sentences = Verdict.sentences(for: scenarios)
    if !sentences.isEmpty { parts.append(Self.list(sentences)) }
    for scenario in scenarios {
      parts.append("## \(scenario.name.rawValue)")
      parts += scenario.tables.map(\.markdown)
      if !scenario.figures.isEmpty {
        parts.append(Self.list(scenario.figures.map { "**\($0.name)**: \($0.text)" }))
      }
      // Notes contain names of the user's files.
      if !scenario.notes.isEmpty { parts.append(Self.list(scenario.notes.map(Markdown.escaped))) }
    }
    return parts.joined(separator: "\n\n") + "\n"
  }

  fileprivate static func list(_ entries: [String]) -> String {
    entries.map { "- " + $0 }.joined(separator: "\n")
  }
}

extension BenchSummary {
  /// The summary as Markdown blocks: a line, tables and a list.
  fileprivate var markdown: [String] {
    guard !isEmpty else { return [] }
    var blocks = ["**\(headline)**"]
    if !(cases + parts).isEmpty { blocks.append(caseTable(of: cases + parts).markdown) }
    if !payloads.isEmpty { blocks += [payloadTable.markdown, Markdown.escaped(sharingText)] }
    if !others.isEmpty {
      blocks.append(
        BenchReport.list(others.map { "**\(Self.title(of: $0.scenario))**: \(Markdown.escaped($0.text))" }))
    }
    return blocks
  }
}

extension TextTable {
  /// The table as Markdown, with aligned columns in the source text.
  var markdown: String {
    let cells = [columns.map { Markdown.escaped($0.title) }] + rows.map { $0.map(Markdown.escaped) }
    let widths = columns.indices.map { column in cells.reduce(3) { max($0, $1[column].displayWidth) } }
    func line(_ row: [String]) -> String {
      let padded = columns.indices.map { index in
        let space = String(repeating: " ", count: widths[index] - row[index].displayWidth)
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

/// Escaping of text for Markdown.
enum Markdown {
  /// Escapes the characters that are special in Markdown and HTML.
  static func escaped(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.visible().unicodeScalars {
      if "\\`*_[]<&|".unicodeScalars.contains(scalar) { result.append("\\") }
      result.append(scalar)
    }
    return String(result)
  }
}

/// Generates the help of a command from its description.
enum HelpText {
  static func text(for command: CommandDescription) -> String {
    var sections = ["\(command.name): \(command.summary)", "Usage:\n" + usage(of: command)]
    if !command.discussion.isEmpty { sections.append(wrapped(command.discussion, indent: 0)) }
    if !command.commands.isEmpty {
      sections.append("Commands:\n" + list(command.commands.map { ($0.word, $0.summary) }))
    }
    if let operand = command.operand {
      sections.append("Argument:\n" + list([(operand.name, summary(of: operand))]))
    }
    sections.append("Options:\n" + list(command.allOptions.map { (spelling(of: $0), summary(of: $0)) }))
    for topic in command.topics { sections.append("\(topic.title):\n" + list(topic.entries)) }
    if !command.examples.isEmpty {
      let examples = command.examples.map { "  \($0.call)\n" + wrapped($0.purpose, indent: 6) }
      sections.append("Examples:\n" + examples.joined(separator: "\n"))
    }
    if !command.exitCodes.isEmpty {
      sections.append("Exit status:\n" + list(command.exitCodes.map { (String($0.rawValue), $0.meaning) }))
    }
    return sections.joined(separator: "\n\n") + "\n"
  }

  private static func usage(of command: CommandDescription) -> String {
    let options = command.options.map { option in
      let text = option.placeholder.isEmpty ? "--\(option.name)" : "--\(option.name) \(option.placeholder)"
      return "[\(text)]" + (option.repeats ? "…" : "")
    }
    let words =
      (command.commands.isEmpty ? [] : ["COMMAND"]) + options
      + (command.operand.map { ["[\($0.placeholder)]"] } ?? [])
    return wrapped(
      ([command.name] + words).joined(separator: " "), indent: 2, keeping: command.name.count + 1)
  }

  private static func spelling(of option: OptionDescription) -> String {
    let letter = option.letter.map { "-\($0), " } ?? ""
    return letter + "--\(option.name)" + (option.placeholder.isEmpty ? "" : " \(option.placeholder)")
  }

  private static func summary(of option: OptionDescription) -> String {
    if case .none = option.value { return option.summary }
    return option.summary + (option.repeats ? "; may be given several times" : "") + " (\(option.accepted))"
  }

  /// Returns a list with names in one column, and their meanings in another.
  private static func list(_ entries: [(name: String, meaning: String)]) -> String {
    let width = entries.reduce(0) { max($0, $1.name.count) } + 4
    return entries.map { name, meaning in
      let text = wrapped(meaning, indent: width)
      let space = String(repeating: " ", count: width - name.count - 2)
      return "  " + name + space + text.drop { $0 == " " }
    }
    .joined(separator: "\n")
  }

  /// Wraps a text at 80 characters, the usual width of a terminal.
  ///
  /// All lines are indented, and those after the first by `keeping` more. A group in brackets is
  /// not split.
  private static func wrapped(_ text: String, indent: Int, keeping: Int = 0) -> String {
    var lines: [String] = []
    var line = String(repeating: " ", count: indent)
    var isEmpty = true
    for word in words(of: text) {
      if !isEmpty, line.count + 1 + word.count > 80 {
        lines.append(line)
        line = String(repeating: " ", count: indent + keeping)
        isEmpty = true
      }
      line += (isEmpty ? "" : " ") + word
      isEmpty = false
    }
    return (lines + [line]).joined(separator: "\n")
  }

  private static func words(of text: String) -> [String] {
    var words: [String] = []
    var open = false
    for piece in text.split(separator: " ").map(String.init) {
      if open { words[words.count - 1] += " " + piece } else { words.append(piece) }
      if piece.hasPrefix("[") { open = true }
      if piece.contains("]") { open = false }
    }
    return words
  }
}

/// Arguments that a command does not accept. The message is one line: the argument, and what is accepted.
struct UsageError: Error, Equatable, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }
}

/// The arguments of a call, checked against the description of its command.
struct ParsedArguments: Equatable, Sendable {
  /// The command, as in its description.
  var command: String

  /// The values of each option that was given, in order; an option without a value has an empty one.
  private(set) var values: [String: [String]] = [:]

  /// What stood there without an option's name.
  private(set) var operand: String?

  init(command: String) { self.command = command }

  fileprivate mutating func add(_ value: String, to option: OptionDescription, spelled spelling: String)
    throws(UsageError)
  {
    if values[option.name] != nil, !option.repeats {
      throw UsageError("\(spelling) is given twice; accepted: once")
    }
    values[option.name, default: []].append(value)
  }

  fileprivate mutating func take(operand value: String, for description: OptionDescription) throws(UsageError)
  {
    guard description.accepts(value) else {
      throw UsageError("\(description.name) does not accept '\(value)'; accepted: \(description.accepted)")
    }
    guard operand == nil else {
      throw UsageError("\(description.name) is given twice, '\(operand!)' and '\(value)'; accepted: once")
    }
    operand = value
  }

  func has(_ option: String) -> Bool { values[option] != nil }
  func all(_ option: String) -> [String] { values[option] ?? [] }
  func value(_ option: String) -> String? { values[option]?.last }
}

/// Reads arguments as a description says: `--name value`, `--name=value`, `-h`.
enum ArgumentParser {
  /// Finds the command that arguments call, and checks its options.
  ///
  /// Where help or the version is asked for, nothing else is checked: who asks should get an answer. `help`
  /// as the first word, the way other programs have it, is understood too.
  static func parse(
    _ arguments: [String], for description: CommandDescription
  ) throws(UsageError) -> (command: CommandDescription, arguments: ParsedArguments) {
    var command = description
    var rest = arguments[...]
    if rest.first == "help" { rest = rest.dropFirst() + ["--help"] }
    while let word = rest.first, let next = command.commands.first(where: { $0.word == word }) {
      command = next
      rest = rest.dropFirst()
    }
    var parsed = ParsedArguments(command: command.name)
    for question in command.allOptions where question.isQuestion {
      if let spelling = rest.first(where: question.isSpelled) {
        try parsed.add("", to: question, spelled: spelling)
        return (command, parsed)
      }
    }
    while let argument = rest.popFirst() {
      if let operand = command.operand, !argument.hasPrefix("-") {
        try parsed.take(operand: argument, for: operand)
        continue
      }
      let (option, spelling, attached) = try option(for: argument, of: command)
      if case .none = option.value {
        if let attached {
          throw UsageError("\(spelling) takes no value, not '\(attached)'; accepted: \(spelling)")
        }
        try parsed.add("", to: option, spelled: spelling)
        continue
      }
      // What looks like the next option is not taken for a value; `--json=--odd` still names such a file.
      if attached == nil, rest.first?.hasPrefix("--") == true { rest = [] }
      guard let value = attached ?? rest.popFirst() else {
        throw UsageError("\(spelling) lacks its value; accepted: \(option.accepted)")
      }
      guard option.accepts(value) else {
        throw UsageError("\(spelling) does not accept '\(value)'; accepted: \(option.accepted)")
      }
      try parsed.add(value, to: option, spelled: spelling)
    }
    return (command, parsed)
  }

  private static func option(
    for argument: String, of command: CommandDescription
  ) throws(UsageError) -> (OptionDescription, spelling: String, attached: String?) {
    if argument.hasPrefix("--") {
      let parts = argument.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = parts.first.map(String.init) ?? ""
      if let option = command.allOptions.first(where: { $0.name == name }) {
        return (option, "--\(name)", parts.count > 1 ? String(parts[1]) : nil)
      }
    } else if let option = command.allOptions.first(where: { $0.isSpelled(argument) }) {
      return (option, argument, nil)
    }
    let options = command.allOptions.map { "--\($0.name)" }.joined(separator: ", ")
    if argument.hasPrefix("-"), argument != "-" {
      throw UsageError("'\(argument)' is not an option of \(command.name); accepted: \(options)")
    }
    guard !command.commands.isEmpty else {
      throw UsageError("'\(argument)' is not an argument of \(command.name); accepted: \(options)")
    }
    let commands = command.commands.map(\.word).joined(separator: ", ")
    throw UsageError("'\(argument)' is not a command of \(command.name); accepted: \(commands)")
  }
}

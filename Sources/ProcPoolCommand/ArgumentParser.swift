import ProcPoolSystem

/// The error of an argument that a command does not accept. The message is one line with the
/// argument and the accepted values.
struct UsageError: Error, Equatable, CustomStringConvertible {
  let description: String

  /// - Parameter description: the message. Control characters in quoted arguments and file names
  ///   are escaped.
  init(_ description: String) { self.description = description.visible() }

  /// Returns an argument as messages quote it.
  static func quoted(_ argument: String) -> String { "'\(argument.visible(atMost: longestQuote))'" }

  /// The maximum number of scalars of a quoted argument. More would not help to identify it.
  private static let longestQuote = 200
}

/// The arguments of a call, validated against the description of its command.
struct ParsedArguments: Equatable, Sendable {
  /// The description of the command.
  var command: String

  /// The values of each given option, in order; empty strings for options without a value.
  private(set) var values: [String: [String]] = [:]

  /// The argument without an option's name.
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
      throw UsageError(
        "\(description.name) does not accept \(UsageError.quoted(value)); accepted: \(description.accepted)")
    }
    if let operand {
      throw UsageError(
        "\(description.name) is given twice, \(UsageError.quoted(operand)) and \(UsageError.quoted(value)); "
          + "accepted: once")
    }
    operand = value
  }

  func has(_ option: String) -> Bool { values[option] != nil }
  func all(_ option: String) -> [String] { values[option] ?? [] }
  func value(_ option: String) -> String? { values[option]?.last }
}

/// Parses arguments by a description: `--name value`, `--name=value`, `-h`. All arguments after
/// `--` are operands.
enum ArgumentParser {
  /// Finds the command, and validates its options.
  ///
  /// If help or the version is requested, nothing else is validated, so that the request always
  /// succeeds. `help` is also accepted as the first word.
  static func parse(
    _ arguments: [String], for description: CommandDescription
  ) throws(UsageError) -> (command: CommandDescription, arguments: ParsedArguments) {
    var command = description
    var rest = arguments[...]
    let asksForHelp = rest.first == "help"
    if asksForHelp { rest = rest.dropFirst() }
    var optionsHaveEnded = false
    while let word = rest.first {
      if word == endOfOptions, !optionsHaveEnded {
        optionsHaveEnded = true
      } else if let next = command.commands.first(where: { $0.word == word }) {
        command = next
      } else {
        break
      }
      rest = rest.dropFirst()
    }
    var parsed = ParsedArguments(command: command.name)
    let asked = asksForHelp ? ["--help"] : optionsHaveEnded ? [] : rest.prefix { $0 != endOfOptions }
    for question in command.allOptions where question.isQuestion {
      if let spelling = asked.first(where: question.isSpelled) {
        try parsed.add("", to: question, spelled: spelling)
        return (command, parsed)
      }
    }
    while let argument = rest.popFirst() {
      if argument == endOfOptions, !optionsHaveEnded {
        optionsHaveEnded = true
        continue
      }
      if let operand = command.operand, optionsHaveEnded || !argument.hasPrefix("-") {
        try parsed.take(operand: argument, for: operand)
        continue
      }
      if optionsHaveEnded { throw unexpected(argument, of: command) }
      let (option, spelling, attached) = try option(for: argument, of: command)
      if case .none = option.value {
        if let attached {
          throw UsageError(
            "\(spelling) takes no value, not \(UsageError.quoted(attached)); accepted: \(spelling)")
        }
        try parsed.add("", to: option, spelled: spelling)
        continue
      }
      // An argument like an option is not used as the value. `--json=--odd` still names such a
      // file.
      if attached == nil, rest.first?.hasPrefix("--") == true { rest = [] }
      guard let value = attached ?? rest.popFirst() else {
        throw UsageError("\(spelling) needs a value; accepted: \(option.accepted)")
      }
      guard option.accepts(value) else {
        throw UsageError(
          "\(spelling) does not accept \(UsageError.quoted(value)); accepted: \(option.accepted)")
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
    if argument.hasPrefix("-"), argument != "-" {
      throw UsageError(
        "\(UsageError.quoted(argument)) is not an option of \(command.name); accepted: \(options(of: command))"
      )
    }
    throw unexpected(argument, of: command)
  }

  /// The end of the options (POSIX, guideline 10).
  private static let endOfOptions = "--"

  private static func options(of command: CommandDescription) -> String {
    command.allOptions.map { "--\($0.name)" }.joined(separator: ", ")
  }

  /// Returns the error for an argument that is neither an option nor an operand of the command.
  private static func unexpected(_ argument: String, of command: CommandDescription) -> UsageError {
    guard !command.commands.isEmpty else {
      return UsageError(
        "\(UsageError.quoted(argument)) is not an argument of \(command.name); accepted: \(options(of: command))"
      )
    }
    let commands = command.commands.map(\.word).joined(separator: ", ")
    return UsageError(
      "\(UsageError.quoted(argument)) is not a command of \(command.name); accepted: \(commands)")
  }
}

import ProcPoolSystem

/// Arguments that a command does not accept. The message is one line: the argument, and what is accepted.
struct UsageError: Error, Equatable, CustomStringConvertible {
  let description: String

  /// - Parameter description: what it quotes of arguments and files need not be visible yet.
  init(_ description: String) { self.description = description.visible() }

  /// An argument, as a message quotes it.
  static func quoted(_ argument: String) -> String { "'\(argument.visible(atMost: longestQuote))'" }

  /// Because more of an argument says no more about what is wrong with it. Scalars.
  private static let longestQuote = 200
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

/// Reads arguments as a description says: `--name value`, `--name=value`, `-h`; `--` ends the options, and what follows
/// is none, whatever it looks like.
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
      // What looks like the next option is not taken for a value; `--json=--odd` still names such a file.
      if attached == nil, rest.first?.hasPrefix("--") == true { rest = [] }
      guard let value = attached ?? rest.popFirst() else {
        throw UsageError("\(spelling) lacks its value; accepted: \(option.accepted)")
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

  /// The argument after which there are no options any more (POSIX, guideline 10).
  private static let endOfOptions = "--"

  private static func options(of command: CommandDescription) -> String {
    command.allOptions.map { "--\($0.name)" }.joined(separator: ", ")
  }

  /// What is no option, and nothing else that the command takes.
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

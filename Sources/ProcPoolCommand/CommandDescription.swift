/// The syntax of a command, which the parser, the help and the completions share.
struct CommandDescription: Sendable {
  /// The words of the command, such as `procpool bench`.
  var name: String

  /// The purpose of the command, as a phrase.
  var summary: String

  /// A paragraph for the help.
  var discussion = ""

  /// The subcommands.
  var commands: [CommandDescription] = []

  /// An optional argument without an option's name.
  var operand: OptionDescription?

  var options: [OptionDescription] = []

  /// Calls that are worth copying, and the purpose of each.
  var examples: [(call: String, purpose: String)] = []

  /// Additional sections of the help: a title, names, and their meanings.
  var topics: [(title: String, entries: [(name: String, meaning: String)])] = []

  /// The possible exit codes.
  var exitCodes: [ExitCode] = []

  /// The last word of the command.
  var word: String { String(name.split(separator: " ").last ?? "") }

  /// The options of the command, and those of every command.
  var allOptions: [OptionDescription] { options + [.help, .version] }
}

/// An option: `--name`, or `--name VALUE`.
struct OptionDescription: Sendable {
  /// The value of an option.
  enum Value: Sendable {
    /// No value: the option is present or not.
    case none

    /// An integer in a range.
    case integer(ClosedRange<Int>)

    /// An integer from 0 to 2⁶⁴ − 1.
    case unsigned

    /// One of several names.
    case choice([String])

    /// The path of a file, or `-` for standard output.
    case outputFile

    /// The path of an existing file.
    case inputFile
  }

  /// The name without the two hyphens.
  var name: String

  /// The one-letter name, if any.
  var letter: Character?

  var value: Value

  /// The placeholder of the value in the help: `N`, `FILE`.
  var placeholder = ""

  /// Whether the option may be given several times.
  var repeats = false

  /// Whether the option only prints a text, so that other arguments are ignored.
  var isQuestion = false

  /// The purpose of the option, as a phrase.
  var summary: String

  static let help = OptionDescription(
    name: "help", letter: "h", value: .none, isQuestion: true, summary: "print this text and exit")

  static let version = OptionDescription(
    name: "version", value: .none, isQuestion: true, summary: "print the version and exit")

  /// Returns whether an argument is this option without a value.
  func isSpelled(_ argument: String) -> Bool {
    argument == "--\(name)" || letter.map { argument == "-\($0)" } ?? false
  }

  /// The accepted values, as they follow "accepted:".
  var accepted: String {
    switch value {
    case .none: "no value"
    case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
    case .unsigned: "a whole number from 0 to \(UInt64.max)"
    case .choice(let names): names.joined(separator: ", ")
    case .outputFile: "the path of a file, or - for standard output"
    case .inputFile: "the path of a file"
    }
  }

  /// Returns whether a value is accepted.
  func accepts(_ text: String) -> Bool {
    switch value {
    case .none: false
    case .integer(let range): Self.isNumber(text) && Int(text).map(range.contains) ?? false
    case .unsigned: Self.isNumber(text) && UInt64(text) != nil
    case .choice(let names): names.contains(text)
    case .outputFile, .inputFile: !text.isEmpty
    }
  }

  /// Digits only; Swift's conversion would also accept `+8`.
  private static func isNumber(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
  }
}

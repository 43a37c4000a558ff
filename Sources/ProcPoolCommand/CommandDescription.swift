/// What a command accepts, in one place: the parser, the help and whatever else follows from it read this.
struct CommandDescription: Sendable {
  /// The words that call the command, such as `procpool bench`.
  var name: String

  /// What it does, as a fragment.
  var summary: String

  /// What a user should know before the first call.
  var discussion = ""

  /// The commands below this one.
  var commands: [CommandDescription] = []

  /// What may stand there without an option's name, once.
  var operand: OptionDescription?

  var options: [OptionDescription] = []

  /// Calls worth copying, and what each is for.
  var examples: [(call: String, purpose: String)] = []

  /// What else there is to know: a title, names, and what each means.
  var topics: [(title: String, entries: [(name: String, meaning: String)])] = []

  /// What the exit status means.
  var exitCodes: [ExitCode] = []

  /// The last of the words that call the command.
  var word: String { String(name.split(separator: " ").last ?? "") }

  /// The options of the command, and those that every command has.
  var allOptions: [OptionDescription] { options + [.help, .version] }
}

/// An option: `--name`, or `--name VALUE`.
struct OptionDescription: Sendable {
  /// What may follow an option.
  enum Value: Sendable {
    /// Nothing: the option is there or not.
    case none

    /// A whole number within limits.
    case integer(ClosedRange<Int>)

    /// A whole number from 0 to 2⁶⁴ − 1.
    case unsigned

    /// One of some names.
    case choice([String])

    /// The path of a file, or `-` for standard output.
    case outputFile

    /// The path of a file that is there.
    case inputFile
  }

  /// The name, without the two hyphens.
  var name: String

  /// The one-letter name, if there is one.
  var letter: Character?

  var value: Value

  /// How the value is called in the help: `N`, `FILE`.
  var placeholder = ""

  /// Whether it may be given several times.
  var repeats = false

  /// Whether it asks for a text and nothing else, so that no other argument matters.
  var isQuestion = false

  /// What it does, as a fragment.
  var summary: String

  static let help = OptionDescription(
    name: "help", letter: "h", value: .none, isQuestion: true, summary: "print this text and stop")

  static let version = OptionDescription(
    name: "version", value: .none, isQuestion: true, summary: "print the version and stop")

  /// Whether an argument is the option, without a value.
  func isSpelled(_ argument: String) -> Bool {
    argument == "--\(name)" || letter.map { argument == "-\($0)" } ?? false
  }

  /// What is accepted as a value, as it follows "accepted:".
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

  /// Whether a value is accepted.
  func accepts(_ text: String) -> Bool {
    switch value {
    case .none: false
    case .integer(let range): Self.isNumber(text) && Int(text).map(range.contains) ?? false
    case .unsigned: Self.isNumber(text) && UInt64(text) != nil
    case .choice(let names): names.contains(text)
    case .outputFile, .inputFile: !text.isEmpty
    }
  }

  /// Digits only: Swift's own conversion would also take `+8`.
  private static func isNumber(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
  }
}

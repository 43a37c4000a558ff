import ProcPoolBench
import Testing

@testable import ProcPoolCommand

@Suite("Arguments are read as the description says")
struct AcceptedArguments {
  private func parse(_ arguments: String...) throws -> ParsedArguments {
    try ArgumentParser.parse(arguments, for: Commands.procpool).arguments
  }

  @Test("A value may follow its option or be attached with an equals sign")
  func values() throws {
    #expect(try parse("bench", "--workers", "8").value("workers") == "8")
    #expect(try parse("bench", "--workers=8").value("workers") == "8")
    #expect(try parse("bench", "--json=a=b").value("json") == "a=b")
    #expect(try parse("bench", "--json=--odd").value("json") == "--odd")
  }

  @Test("A scenario may be given several times, and keeps its order")
  func repeated() throws {
    let arguments = try parse("bench", "--scenario", "sleep", "--quick", "--scenario=matmul")
    #expect(arguments.all("scenario") == ["sleep", "matmul"])
    #expect(arguments.has("quick"))
  }

  @Test("A hyphen stands for standard output")
  func hyphen() throws {
    #expect(try parse("bench", "--json", "-").value("json") == "-")
  }

  @Test("What needs no option stands before or after the options, and once")
  func operand() throws {
    #expect(try parse("top", "12", "--once").operand == "12")
    #expect(try parse("top", "--interval", "2", "12").operand == "12")
    #expect(try parse("top", "--once").operand == nil)
    for words in [["top", "12", "13"], ["top", "0"], ["top", "-1"], ["top", "x"], ["bench", "12"]] {
      #expect(throws: UsageError.self) { try ArgumentParser.parse(words, for: Commands.procpool) }
    }
  }

  @Test("Two hyphens end the options, of every command")
  func endOfOptions() throws {
    #expect(try parse("top", "--", "12").operand == "12")
    #expect(try parse("top", "--once", "--", "12").has("once"))
    #expect(try parse("top", "12", "--").operand == "12")
    for command in Commands.procpool.commands {
      let (found, parsed) = try ArgumentParser.parse([command.word, "--"], for: Commands.procpool)
      #expect(found.name == command.name && parsed == ParsedArguments(command: command.name))
    }
    #expect(try parse("--", "bench").command == "procpool bench")
    #expect(try parse("completions", "--", "bash").command == "procpool completions bash")
    // What follows asks for nothing; what stands before does.
    #expect(throws: UsageError.self) { try parse("bench", "--", "--help") }
    #expect(try parse("bench", "--help", "--", "x").has("help"))
    #expect(try parse("help", "--", "bench").command == "procpool bench")
  }

  @Test("Help is given whatever else is wrong", arguments: ["--help", "-h"])
  func help(spelling: String) throws {
    let (command, parsed) = try ArgumentParser.parse(
      ["bench", "--workers", "none", spelling], for: Commands.procpool)
    #expect(command.name == "procpool bench")
    #expect(parsed.has("help"))
  }

  @Test("Help is given to who asks with a word, too")
  func helpAsWord() throws {
    for words in [["help"], ["help", "bench"]] {
      let (command, parsed) = try ArgumentParser.parse(words, for: Commands.procpool)
      #expect(command.name == (words.count == 1 ? "procpool" : "procpool bench"))
      #expect(parsed.has("help"))
    }
  }

  @Test("The version is given whatever follows, and by every command")
  func version() throws {
    #expect(try parse("--version", "bench").has("version"))
    #expect(try parse("bench", "--version").has("version"))
  }

  @Test("Limits are accepted themselves", arguments: ["1", "2", "3", "8", "64", "200"])
  func limits(workers: String) throws {
    #expect(try parse("bench", "--workers", workers).value("workers") == workers)
  }

  @Test("The greatest seed is accepted")
  func seed() throws {
    let seed = String(UInt64.max)
    #expect(try parse("bench", "--seed", seed).value("seed") == seed)
  }
}

@Suite("Bad usage is refused in one line that names the argument and what is accepted")
struct RefusedArguments {
  /// What to call, what the message names, and what it says is accepted.
  static let calls: [([String], names: String, accepts: String)] = [
    (["bench", "--workers", "0"], "--workers does not accept '0'", "from 1 to 200"),
    (["bench", "--workers", "-1"], "--workers does not accept '-1'", "from 1 to 200"),
    (["bench", "--workers", "abc"], "--workers does not accept 'abc'", "from 1 to 200"),
    (["bench", "--workers", "201"], "--workers does not accept '201'", "from 1 to 200"),
    (["bench", "--workers", "+8"], "--workers does not accept '+8'", "from 1 to 200"),
    (["bench", "--workers", "8.0"], "--workers does not accept '8.0'", "from 1 to 200"),
    (["bench", "--workers", ""], "--workers does not accept ''", "from 1 to 200"),
    (["bench", "--workers="], "--workers does not accept ''", "from 1 to 200"),
    (["bench", "--workers", "99999999999999999999"], "--workers does not accept", "from 1 to 200"),
    (["bench", "--workers"], "--workers needs a value", "from 1 to 200"),
    (["bench", "--workers", "--quick"], "--workers needs a value", "from 1 to 200"),
    (["bench", "--workers", "2", "--workers", "3"], "--workers is given twice", "once"),
    (["bench", "--quick=yes"], "--quick takes no value", "--quick"),
    (["bench", "--quick", "--quick"], "--quick is given twice", "once"),
    (["bench", "--scenario", "matmult"], "--scenario does not accept 'matmult'", "matmul, partial-sums"),
    (["bench", "--case", "small"], "--case does not accept 'small'", "low-l, high-l, big"),
    (["bench", "--repeat", "0"], "--repeat does not accept '0'", "from 1 to 1000"),
    (["bench", "--seed", "-1"], "--seed does not accept '-1'", "from 0 to 18446744073709551615"),
    (["bench", "--seed", "18446744073709551616"], "--seed does not accept", "from 0 to"),
    (["bench", "--json", ""], "--json does not accept ''", "path of a file"),
    (["bench", "--json"], "--json needs a value", "path of a file"),
    (["bench", "--colour"], "'--colour' is not an option of procpool bench", "--workers, --scenario"),
    (["bench", "-w"], "'-w' is not an option of procpool bench", "--workers, --scenario"),
    (["bench", "--", "--quick"], "'--quick' is not an argument of procpool bench", "--workers, --scenario"),
    (["bench", "--quick", "--", "--"], "'--' is not an argument of procpool bench", "--workers, --scenario"),
    (["bench", "--json", "--"], "--json needs a value", "path of a file"),
    (["doctor", "--", "now"], "'now' is not an argument of procpool doctor", "--json"),
    (["top", "--", "-5"], "PID does not accept '-5'", "a whole number from 1"),
    (["top", "--", "--once"], "PID does not accept '--once'", "a whole number from 1"),
    (["top", "5", "--", "6"], "PID is given twice, '5' and '6'", "once"),
    (["--", "--help"], "'--help' is not a command of procpool", "bench"),
    (["completions", "--", "ksh"], "'ksh' is not a command of procpool completions", "bash, zsh, fish"),
    (["bench", "now"], "'now' is not an argument of procpool bench", "--workers, --scenario"),
    (["bench", "-"], "'-' is not an argument of procpool bench", "--workers, --scenario"),
    (["bench", ""], "'' is not an argument of procpool bench", "--workers, --scenario"),
    (["bnech"], "'bnech' is not a command of procpool", "bench"),
    (["--workers", "8"], "'--workers' is not an option of procpool", "--version"),
  ]

  @Test("The message names the argument and what is accepted", arguments: calls)
  func refused(call: [String], names: String, accepts: String) throws {
    let error = #expect(throws: UsageError.self) {
      try ArgumentParser.parse(call, for: Commands.procpool)
    }
    let message = try #require(error).description
    #expect(message.contains(names))
    let accepted = try #require(message.firstRange(of: "accepted: "))
    #expect(message[accepted.upperBound...].contains(accepts))
    #expect(!message.contains("\n"))
  }

  @Test("Standard output belongs to one form of the results")
  func oneOutput() throws {
    let (_, parsed) = try ArgumentParser.parse(
      ["bench", "--json", "-", "--report", "r.html", "--csv", "-"], for: Commands.procpool)
    let error = #expect(throws: UsageError.self) { try BenchCommand(parsed) }
    #expect(
      error?.description
        == "--json - and --csv - cannot both use standard output; accepted: - for one of them")
  }

  @Test("A case that none of the scenarios has is refused with those that they have")
  func caseOfAnotherScenario() throws {
    let (_, parsed) = try ArgumentParser.parse(
      ["bench", "--scenario", "sleep", "--case", "big"], for: Commands.procpool)
    let error = #expect(throws: UsageError.self) { try BenchCommand(parsed) }
    #expect(
      error?.description == "--case does not accept 'big' with this --scenario; accepted: tenths, seconds")
  }
}

@Suite("The help follows from the description")
struct Help {
  private let text = HelpText.text(for: BenchCommand.description)

  @Test("Every option, its limits, the examples and the exit codes are there")
  func complete() {
    for option in BenchCommand.description.allOptions { #expect(text.contains("--\(option.name)")) }
    for example in BenchCommand.description.examples { #expect(text.contains(example.call)) }
    for code in ExitCode.allCases { #expect(text.contains("\n  \(code.rawValue) ")) }
    #expect(text.contains("from 1 to 200"))
  }

  @Test("No line is wider than a terminal")
  func width() {
    for line in text.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
  }

  @Test("Every call that is given as an example is accepted")
  func examples() throws {
    for (call, _) in BenchCommand.description.examples + Commands.procpool.examples {
      let words = call.prefix { $0 != "|" }.split(separator: " ").dropFirst().map(String.init)
      #expect(throws: Never.self) { try ArgumentParser.parse(words, for: Commands.procpool) }
    }
  }
}

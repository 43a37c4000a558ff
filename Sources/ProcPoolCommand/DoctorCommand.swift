import ProcPoolBench

/// `procpool doctor`.
struct DoctorCommand {
  static let description = CommandDescription(
    name: "procpool doctor", summary: "looks at this machine, and says what pools will find here",
    discussion: """
      Looks at processors, memory, limits and all else that pools depend on, starts a worker, and has it use a shared \
      array. Each finding is ok, a warning (pools work, and could do better) or a problem (they do not work, or only small \
      ones do), with what can be done about it.
      """,
    options: [
      OptionDescription(
        name: "json", value: .outputFile, placeholder: "FILE", summary: "write what was found as JSON instead"
      )
    ],
    examples: [
      ("procpool doctor", "before the first pool on a machine, or in a container"),
      ("procpool doctor --json - | jq '.findings[] | select(.level != \"ok\")'", "what is not all right"),
    ],
    exitCodes: [.success, .wrongResult, .usage, .cannotCreate, .inputOutput])

  private let jsonPath: String?

  /// Takes arguments that the parser has accepted.
  init(_ arguments: ParsedArguments) { jsonPath = arguments.value("json") }

  /// Examines the machine.
  func run() async throws -> ExitCode {
    let file = try OutputFiles(jsonPath.map { [("json", $0)] } ?? [], inputs: []).files.first
    let diagnosis = await Doctor.examine()
    if let file {
      try file.replaceContents(with: Array(diagnosis.json.utf8))
    } else {
      try StandardStream.output.write(diagnosis.text(StandardStream.output.textStyle))
    }
    return diagnosis.hasProblem ? .wrongResult : .success
  }
}

import ProcPoolBench

/// `procpool doctor`.
struct DoctorCommand {
  static let description = CommandDescription(
    name: "procpool doctor", summary: "examines this machine for what pools need",
    discussion: """
      Examines processors, memory, limits and whatever else pools depend on, starts a worker, and lets it use a shared \
      array. Each finding is ok, a warning (pools work, but not as well as they could) or a problem (pools do not work, or \
      only small ones do), with a remedy.
      """,
    options: [
      OptionDescription(
        name: "json", value: .outputFile, placeholder: "FILE", summary: "write the findings as JSON instead"
      )
    ],
    examples: [
      ("procpool doctor", "check a machine or container before its first pool"),
      (
        "procpool doctor --json - | jq '.findings[] | select(.level != \"ok\")'",
        "list only warnings and problems"
      ),
    ],
    exitCodes: [.success, .wrongResult, .usage, .cannotCreate, .inputOutput])

  private let jsonPath: String?

  /// Creates the command from parsed arguments.
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

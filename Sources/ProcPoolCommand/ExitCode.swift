/// What procpool's exit status means. Numbers from 64 on are those of `sysexits.h`.
enum ExitCode: Int32, CaseIterable, Sendable {
  case success = 0
  case wrongResult = 1
  case usage = 64
  case cannotRun = 70
  case cannotCreate = 73
  case inputOutput = 74

  var meaning: String {
    switch self {
    case .success: "all went well, and every result was right"
    case .wrongResult:
      "a check failed: a wrong result, lost work, a leak, growth, or a problem found by doctor"
    case .usage: "an argument is not accepted"
    case .cannotRun: "the workers could not be started, or the pool failed"
    case .cannotCreate: "the file for the results cannot be written"
    case .inputOutput: "what was found could not be written"
    }
  }
}

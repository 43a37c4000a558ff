/// The exit status of procpool. Numbers from 64 on are those of `sysexits.h`.
enum ExitCode: Int32, CaseIterable, Sendable {
  case success = 0
  case wrongResult = 1
  case usage = 64
  case cannotRun = 70
  case cannotCreate = 73
  case inputOutput = 74

  var meaning: String {
    switch self {
    case .success: "success: every verified result was correct"
    case .wrongResult:
      "a check failed: a wrong result, lost work, a leak, growth, or a problem found by doctor"
    case .usage: "an argument is not accepted"
    case .cannotRun: "the workers could not be started, the pool failed, or there is no such process"
    case .cannotCreate: "the file for the results cannot be written"
    case .inputOutput: "the results could not be written"
    }
  }
}

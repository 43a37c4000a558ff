import FaultyTasks
import Glibc
import Testing

/// A coordinator in a process of its own, for a test to kill.
struct Coordinator: Sendable {
  let pid: Int32
  /// Its workers' processes.
  let workers: [Int32]
  /// The copy that it made of itself, if it was asked to.
  let fork: Int32
  private let output: Int32
  private let errors: Int32

  /// How a coordinator ended: its status as `wait` gives it, and what it wrote.
  struct Ending: Equatable {
    var status: Int32
    var output: String
    var errors: String
  }

  /// The worker executable lies beside the test runner.
  static var path: String {
    let runner = "/proc/self/exe".withCString { realpath($0, nil) }!
    defer { free(runner) }
    let own = String(cString: runner)
    return own[..<own.lastIndex(of: "/")!] + "/FaultyWorker"
  }

  private static func spawn(
    _ words: [String], through launcher: [String] = []
  ) throws -> (pid: Int32, output: Int32, errors: Int32) {
    var output: [Int32] = [0, 0]
    var errors: [Int32] = [0, 0]
    pipe(&output)
    pipe(&errors)
    for end in output + errors { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    defer {
      close(output[1])
      close(errors[1])
    }
    let pid = try Inspection.spawn(
      launcher + [path, "coordinate"] + words, output: output[1], errors: errors[1], resetsSignals: true)
    return (pid, output[0], errors[0])
  }

  /// Starts one that waits for its end, perhaps by way of a program that becomes it, and returns when its
  /// workers are at work.
  init(_ words: String..., through launcher: [String] = []) throws {
    let (pid, output, errors) = try Self.spawn(words, through: launcher)
    self.pid = pid
    self.output = output
    self.errors = errors
    var line = ""
    var byte: UInt8 = 0
    while read(output, &byte, 1) == 1, byte != 10 { line.unicodeScalars.append(Unicode.Scalar(byte)) }
    let numbers = line.split(separator: " ").compactMap { Int32($0) }
    try #require(numbers.count == 3, "\(line)")
    workers = Array(numbers.prefix(2))
    fork = numbers[2]
  }

  /// Waits for its end, which it comes to by itself.
  ///
  /// - Returns: its status, and what it wrote after its first line.
  func finish() -> (status: Int32, output: String, errors: String) {
    defer {
      close(output)
      close(errors)
    }
    let (printed, complained) = (Inspection.readAll(output), Inspection.readAll(errors))
    var status: Int32 = 0
    waitpid(pid, &status, 0)
    return (status, printed, complained)
  }

  /// Runs one to its end, perhaps by way of a program that starts it.
  static func run(_ words: String..., through launcher: [String] = []) throws -> Ending {
    let (pid, output, errors) = try spawn(words, through: launcher)
    defer {
      close(output)
      close(errors)
    }
    let (printed, complained) = (Inspection.readAll(output), Inspection.readAll(errors))
    var status: Int32 = 0
    waitpid(pid, &status, 0)
    return Ending(status: status, output: printed, errors: complained)
  }

  /// Sends it a signal, and waits until its workers are gone.
  ///
  /// - Returns: its status, what was written to standard error, and how long the last worker lived on.
  func end(by signal: Int32, toGroup: Bool = false) async -> (status: Int32, errors: String, delay: Duration)
  {
    let start = ContinuousClock.now
    kill(toGroup ? -pid : pid, signal)
    var status: Int32 = 0
    waitpid(pid, &status, 0)
    _ = await eventually(within: .seconds(15)) { !workers.contains(where: Inspection.isRunning) }
    let delay = ContinuousClock.now - start
    // In its way only if something went wrong.
    for worker in workers where Inspection.isRunning(worker) { kill(worker, SIGKILL) }
    if fork > 0 {
      kill(fork, SIGKILL)
      _ = await eventually { !Inspection.isRunning(fork) }
    }
    let text = Inspection.readAll(errors)
    close(errors)
    close(output)
    return (status, text, delay)
  }
}

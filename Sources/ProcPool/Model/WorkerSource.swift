import ProcPoolSystem

/// The program that a pool runs as its workers.
public struct WorkerSource: Sendable, Hashable {
  /// The program that workers run.
  enum Program: Sendable, Hashable {
    /// An executable. `isSelf` if it is the running program, whose build must match the worker's.
    case executable(path: String, isSelf: Bool)
    case thread
  }

  private enum Choice: Hashable {
    case currentExecutable
    case named(String)
    case threads
  }

  private let choice: Choice

  /// The running program, which conforms to ``PoolProgram`` or calls `serveIfWorker()` first in its
  /// main function.
  ///
  /// Workers are started from `/proc/self/exe`, so they run the same build even if the file has
  /// been rebuilt.
  public static let currentExecutable = WorkerSource(choice: .currentExecutable)

  /// A dedicated executable, whose main type is a `WorkerProgram`.
  ///
  /// - Parameter name: a path, if it contains a slash; otherwise the name of a file, which is
  ///   looked up in the directory of the running program and then in `../libexec/procpool` from
  ///   there.
  public static func executable(named name: String) -> WorkerSource {
    WorkerSource(choice: .named(name))
  }

  /// Threads of this process that serve over the same pipes, for unit tests, debugging and
  /// comparison.
  ///
  /// A crash ends the program, and an item that exceeds its time limit keeps running with its
  /// result ignored.
  public static let threads = WorkerSource(choice: .threads)

  /// Looks up the program.
  ///
  /// - Throws: the reason and the remedy if there is none.
  func resolve() throws(WorkerStartFailure) -> Program {
    switch choice {
    case .threads: return .thread
    case .currentExecutable:
      if let runner = Self.testRunner(ProgramIdentity.path ?? "") {
        throw WorkerStartFailure(
          "the running program is \(runner), which cannot be its own worker; in tests use `worker: .threads`, or "
            + "a worker executable with `worker: .executable(named:)`")
      }
      return .executable(path: "/proc/self/exe", isSelf: true)
    case .named(let name):
      if name.contains("/") { return .executable(path: name, isSelf: false) }
      return .executable(path: try Self.find(name), isSelf: false)
    }
  }

  /// The directory of the workers of an installed program, relative to the program's directory.
  private static let installedFolder = "../libexec/procpool"

  private static func find(_ name: String) throws(WorkerStartFailure) -> String {
    let folder: String
    do throws(SystemError) {
      folder = try ProgramIdentity.folder()
    } catch {
      throw WorkerStartFailure(
        "cannot find the directory of the running program, in which \(name) is looked up: \(error); "
          + (ProcessFolder.isMissing ? ProcessFolder.advice : "pass the worker's absolute path"))
    }
    let places = ["\(folder)/\(name)", "\(folder)/\(installedFolder)/\(name)"]
    guard let path = places.first(where: FileStatus.exists) else {
      throw WorkerStartFailure(
        "there is no worker executable \(name): neither \(places[0]) nor \(places[1]) exists; build it, or pass its "
          + "path")
    }
    return path
  }

  /// The name of the program if it is a test runner, whose main function is not the user's.
  static func testRunner(_ path: String) -> String? {
    let name = path.split(separator: "/").last.map(String.init) ?? ""
    return name.hasSuffix(".xctest") || name == "xctest" || name == "swiftpm-testing-helper" ? name : nil
  }
}

extension WorkerSource: CustomStringConvertible {
  /// The source as in Swift code: `.currentExecutable`, `.executable(named: "worker")` or
  /// `.threads`.
  public var description: String {
    switch choice {
    case .currentExecutable: ".currentExecutable"
    case .named(let name): ".executable(named: \(String(reflecting: name)))"
    case .threads: ".threads"
    }
  }
}

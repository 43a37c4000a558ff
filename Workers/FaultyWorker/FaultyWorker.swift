import FaultyTasks
import Glibc
import ProcPool

/// A worker that does what it should, unless its environment says otherwise; started by hand, a program with
/// a pool.
@main
struct FaultyWorker: PoolProgram {
  static func main() {
    if let path = getenv("FAULTY_LAUNCHES") { Note(path: String(cString: path)).run(Int(getpid())) }
    if let mode = getenv("FAULTY_MODE") { Misbehaviour(String(cString: mode)).perform() }
    serve(Self.self)
  }

  /// Calls the `main` of `PoolProgram`, which the one above hides.
  private static func serve<Program: PoolProgram>(_: Program.Type) { Program.main() }

  @MainActor static func run() async throws {
    // Swift has a program's arguments from /proc.
    let words = getenv("FAULTY_ARGUMENTS").map { String(cString: $0).split(separator: " ").map(String.init) }
    try await Coordination(words.map { [""] + $0 } ?? CommandLine.arguments).perform()
  }
}

import Glibc
import ProcPoolSystem
import ProcPoolWorker

/// A program whose workers are copies of itself.
///
///     @main
///     struct Demo: PoolProgram {
///       static func run() async throws {
///         try await withPool { pool in … }
///       }
///     }
///
/// If a pool started the process, it serves as a worker. Otherwise it runs ``run()`` and exits:
/// with status 0 if `run()` returns, and with status 1 and the error on standard error if it
/// throws. The text of the error is its `errorDescription` if it is a `LocalizedError` that
/// provides one, otherwise its description.
public protocol PoolProgram: SendableMetatype {
  /// Runs the program.
  ///
  /// - Throws: an error that ends the program with status 1.
  @MainActor static func run() async throws
}

extension PoolProgram {
  /// Serves as a worker or runs ``run()``, and exits.
  public static func main() {
    // Synchronous because an asynchronous main would cost each worker three threads and 2.5 ms.
    serveIfWorker()
    let mainQueue = MainQueue()
    Task { @MainActor in
      do {
        try await run()
        exit(0)
      } catch {
        ErrorStream.writeLastLine(
          "error: \(LocalizedDescription.words(for: error).visible(keepingLines: true))")
        exit(1)
      }
    }
    mainQueue.run()
  }
}
